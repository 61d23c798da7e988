namespace BackupSidecar.Databases;

/// <summary>How a dump was made, for the manifest: the tool and the server with their versions, and what its content is in words.</summary>
internal sealed record DumpFacts(string Tool, string? Server, string Consistency);

/// <summary>
/// A database server and its own tools: how it is asked whether it is there, dumped and restored. One file of this folder for
/// each engine; we never write a dump format of our own.
/// </summary>
internal interface IDatabaseEngine
{
    /// <summary>The engine as its makers write it: "PostgreSQL".</summary>
    string Product { get; }

    /// <summary>Whether the server answers and the tools fit it.</summary>
    /// <exception cref="DatabaseException">It does not, or they do not.</exception>
    Task CheckAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes a dump to <paramref name="destination"/> (from another thread) and returns once the dump is known to be whole.
    /// After a failure what was written is worthless. On cancellation the tools are killed.
    /// </summary>
    /// <exception cref="DatabaseException">There is no whole dump.</exception>
    Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation);

    /// <summary>Replaces what the database holds by a dump, which is read from its start on another thread.</summary>
    /// <exception cref="DatabaseException">The restore failed.</exception>
    Task RestoreAsync(Stream dump, CancellationToken cancellation);
}

/// <summary>A database could not be dumped, checked or restored. The message holds the tool's last words and never a password.</summary>
internal sealed class DatabaseException(string message, Exception? cause = null) : Exception(message, cause);
