namespace BackupSidecar.Databases;

/// <summary>What is known of a server before it is dumped. <paramref name="Bytes"/>: what the database holds there; null where nobody says.</summary>
internal sealed record ServerFacts(long? Bytes = null);

/// <summary>How a dump was made, for the manifest: the tool and the server with their versions, and what its content is in words.</summary>
internal sealed record DumpFacts(string Tool, string? Server, string Consistency)
{
    /// <summary>Where the tool ran: <see cref="IToolPlace.Via"/>.</summary>
    public string? Via { get; init; }

    /// <summary>Rows of each table (documents of each collection, keys of each keyspace) in the dump; empty where there are none or nobody counted.</summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();

    /// <summary>Whether <see cref="Counts"/> is all there is, so that none means none.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>All counts together; null where nobody counted.</summary>
    public long? Records => IsCounted ? Counts.Values.Sum() : null;
}

/// <summary>What a restore wants of an engine beside the dump itself.</summary>
internal sealed record DumpRestore
{
    /// <summary>Whether an authentic manifest vouches for the dump. Text that nobody vouches for is never given to a program that runs commands.</summary>
    public required bool IsTrusted { get; init; }

    /// <summary>The tool that made the dump, as its <see cref="DumpFacts.Tool"/> says; null where no manifest tells.</summary>
    public string? Tool { get; init; }

    /// <summary>Another database than the one of the URI, to restore beside the original; null for the one of the URI.</summary>
    public string? DatabaseAs { get; init; }

    /// <summary>Whether the server stands in for another: it has none of its databases and directories, and that is no news.</summary>
    public bool IsIntoScratch { get; init; }

    /// <summary>Told what a person should know of a restore that went well, a sentence each.</summary>
    public Action<string> Notice { get; init; } = _ => { };
}

/// <summary>What a server holds, counted as the rows of a dump are.</summary>
/// <param name="Counts">As <see cref="DumpFacts.Counts"/>.</param>
/// <param name="RanOut">How many keys of what was restored last are gone because their time to live has ended; null where nobody says.</param>
internal sealed record FoundCounts(IReadOnlyDictionary<string, long> Counts, long? RanOut = 0);

/// <summary>
/// A database server and its own tools: how it is asked whether it is there, dumped and restored. One file of this folder for
/// each engine; we never write a dump format of our own.
/// </summary>
internal interface IDatabaseEngine
{
    /// <summary>The engine as its makers write it: "PostgreSQL".</summary>
    string Product { get; }

    /// <summary>Whether the server answers, may be read, and the tools fit it.</summary>
    /// <exception cref="DatabaseException">It does not, may not, or they do not.</exception>
    Task<ServerFacts> CheckAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes a dump to <paramref name="destination"/> (from another thread) and returns once the dump is known to be whole.
    /// After a failure what was written is worthless. On cancellation the tools are killed.
    /// </summary>
    /// <exception cref="DatabaseException">There is no whole dump.</exception>
    Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation);

    /// <summary>Whether a dump can be restored: the server answers, and what is wanted is possible. The database itself may be missing.</summary>
    /// <exception cref="DatabaseException">It cannot.</exception>
    Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation);

    /// <summary>Replaces what the database holds by a dump, which is read from its start on another thread.</summary>
    /// <exception cref="DatabaseException">The restore failed; the message says what became of what was there before.</exception>
    Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation);

    /// <summary>Counts what is there now. Where an engine has no better way, as a dump of it would.</summary>
    /// <exception cref="DatabaseException">It cannot be read.</exception>
    async Task<FoundCounts> CountAsync(CancellationToken cancellation) => new((await DumpAsync(Stream.Null, cancellation)).Counts);
}

/// <summary>An engine whose databases take the operator's own questions.</summary>
internal interface ISqlEngine
{
    /// <summary>Runs statements in the database, and returns the first column of each row that they give.</summary>
    /// <exception cref="DatabaseException">One failed; the message holds the server's words.</exception>
    Task<IReadOnlyList<string>> FirstColumnAsync(string sql, CancellationToken cancellation);
}

/// <summary>A database could not be dumped, checked or restored. The message holds the tool's last words and never a password.</summary>
internal sealed class DatabaseException(string message, Exception? cause = null) : Exception(message, cause);
