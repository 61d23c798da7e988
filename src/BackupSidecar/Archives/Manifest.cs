using System.Text.Json.Serialization;

namespace BackupSidecar.Archives;

/// <summary>
/// What an archive holds and how to know that it is whole. It stands inside the archive as its last entry, and beside it
/// (then with <see cref="Stored"/> and <see cref="Authentication"/>), where its existence is what makes the archive a backup.
/// Holds no secret.
/// </summary>
internal sealed record Manifest
{
    /// <summary>What <see cref="Encryption"/> says of an archive for public keys.</summary>
    public const string ForRecipients = "recipients";

    public const int CurrentFormat = 1;

    /// <summary>The version of this document's layout; a reader refuses versions that it does not know.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The program and its version.</summary>
    public required string CreatedBy { get; init; }

    public required Guid RunId { get; init; }

    public required string BackupName { get; init; }

    /// <summary>The archive's file name.</summary>
    public required string Archive { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The IANA zone of the time in the name.</summary>
    public required string TimeZone { get; init; }

    /// <summary>"gzip", "zstd" or "none".</summary>
    public required string Compression { get; init; }

    /// <summary>"passphrase", <see cref="ForRecipients"/> or "none".</summary>
    public required string Encryption { get; init; }

    public required IReadOnlyList<ManifestSource> Sources { get; init; }

    /// <summary>The archive as stored; only in the manifest beside it.</summary>
    public StoredArchive? Stored { get; init; }

    /// <summary>Which key vouches for this document; null where there is none, and in manifests of versions that did not say so.</summary>
    public ManifestKeyName? Key { get; init; }

    /// <summary>Who vouches for this document; null where no key is configured.</summary>
    public ManifestAuthentication? Authentication { get; init; }

    /// <summary>The container whose database is all of the backup; null for archives.</summary>
    [JsonIgnore]
    public DumpedContainer? Container { get; init; }

    /// <summary>Whether every source is complete: only such a backup counts as good for retention.</summary>
    [JsonIgnore]
    public bool IsComplete => Sources.All(source => source.State == SourceState.Complete);
}

/// <summary>
/// A container that asked by labels for the backup of its database. <paramref name="Identity"/> stays the same when it is made anew, and
/// <paramref name="Retention"/> is how long its backups are to be kept (zero: for ever); each is null where that is not known.
/// </summary>
internal sealed record DumpedContainer(string Id, string Name, string? Identity, TimeSpan? Retention);

/// <summary>Size and digest (lower-case hex) of the archive's stored bytes.</summary>
internal sealed record StoredArchive(long Bytes, string Sha256);

/// <summary>HMAC-SHA256 (hex) over the canonical form of the document without this member. See <see cref="ManifestFile"/>.</summary>
internal sealed record ManifestAuthentication(string Algorithm, string Mac);

/// <summary>A key without what is secret of it: see <see cref="ManifestKey"/>.</summary>
internal sealed record ManifestKeyName(string Id, string Origin);

/// <summary>What became of a source in a backup.</summary>
internal enum SourceState
{
    /// <summary>All of it is in the archive.</summary>
    Complete,

    /// <summary>It is in the archive, but something of it is missing or changed while it was read.</summary>
    Incomplete,

    /// <summary>It is not in the archive.</summary>
    Failed,
}

/// <summary>One source in the manifest.</summary>
internal sealed record ManifestSource
{
    /// <summary>"postgres", "mysql", "mongodb", "redis", "sqlite", "directory" or "file".</summary>
    public required string Kind { get; init; }

    /// <summary>The name of its entry at the root of the archive (for a directory: of its folder).</summary>
    public required string Entry { get; init; }

    /// <summary>Where it came from, without secrets.</summary>
    public required string Origin { get; init; }

    public required SourceState State { get; init; }

    /// <summary>In words: what a restore of this gives ("single-transaction snapshot", "files as they were read", …).</summary>
    public string? Consistency { get; init; }

    /// <summary>The tool that took it, with its version.</summary>
    public string? Tool { get; init; }

    /// <summary>The server's version, where there is one.</summary>
    public string? Server { get; init; }

    /// <summary>Where the tool ran: "client", or "exec in container NAME".</summary>
    public string? Via { get; init; }

    /// <summary>The database's name, where it is one.</summary>
    public string? Database { get; init; }

    /// <summary>The entry name of the configured source that this is one database of, where that was a whole server.</summary>
    public string? PartOf { get; init; }

    private static readonly Dictionary<string, long> NoCounts = [];

    /// <summary>Rows of each table (documents of each collection, keys of each keyspace) in the dump; empty where nobody counted.</summary>
    public IReadOnlyDictionary<string, long> Counts { get => field ?? NoCounts; init; }

    /// <summary>
    /// All of these together while the backup is made, which a history keeps and the manifest does not: 0 where nothing is left to count, null where nobody counted.
    /// </summary>
    [JsonIgnore]
    public long? Records { get; init; }

    /// <summary>Bytes of content (of all entries together).</summary>
    public long Bytes { get; init; }

    /// <summary>Entries in the archive: 1 for a dump, files and folders and links for a directory.</summary>
    public long Entries { get; init; }

    /// <summary>SHA-256 (hex) of the content of the one entry, as sha256sum prints it after unpacking; null for what tar read.</summary>
    public string? Sha256 { get; init; }

    /// <summary>SHA-256 (hex) of the tar records (headers, content, padding) of all its entries in order; null for dumps.</summary>
    public string? TarSha256 { get; init; }

    /// <summary>Names that were left out or may be inconsistent (at most 100 of them), and why.</summary>
    public IReadOnlyList<string> Skipped { get => field ?? []; init; }

    /// <summary>What went wrong, where the state is not complete.</summary>
    public string? Problem { get; init; }
}
