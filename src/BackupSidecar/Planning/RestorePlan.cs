using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Processes;

namespace BackupSidecar.Planning;

/// <summary>The restore that was asked for is not possible. The message says why and what to do; nothing was touched.</summary>
internal sealed class RestoreException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What the operator wants of a restore.</summary>
internal sealed record RestoreOptions
{
    public const string Latest = "latest";

    /// <summary>"latest", a timestamp as archives carry it, or an archive's file name.</summary>
    public string Backup { get; init; } = Latest;

    /// <summary>The only store to take it from, or null for any.</summary>
    public string? Store { get; init; }

    /// <summary>Names of sources; empty for all of them.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>A folder to unpack into, touching nothing else; null to restore in place.</summary>
    public string? ToDirectory { get; init; }

    /// <summary>Whether directories are laid over what is there, rather than made equal to the backup.</summary>
    public bool Merge { get; init; }

    /// <summary>Another name to restore the one database under, beside the original; null to replace it.</summary>
    public string? DatabaseAs { get; init; }

    /// <summary>Whether an archive that no manifest vouches for may be used.</summary>
    public bool AllowUnverified { get; init; }
}

/// <summary>How a source stands in an archive.</summary>
internal enum ArchivedForm
{
    /// <summary>One file: a dump or a file.</summary>
    File,

    /// <summary>A directory's tree.</summary>
    Tree,

    /// <summary>A tar.gz of its own, as docker-backup-sidecar packed directories.</summary>
    NestedTree,

    /// <summary>The folder of files that mongodump writes, as docker-backup-sidecar kept it.</summary>
    DumpFolder,
}

/// <summary>
/// A source as an archive holds it. <see cref="Root"/> is the first component of its entries' names, and <see cref="Manifest"/>
/// what vouches for it (null in archives without a manifest).
/// </summary>
internal sealed record ArchivedSource(string Kind, string Entry, string Root, ArchivedForm Form, ManifestSource? Manifest)
{
    /// <summary>The entry without the decoration that a dump's name has: <c>shop</c> for <c>postgres-shop.dump</c>.</summary>
    public string ShortName { get; } = Shorten(Kind, Entry);

    /// <summary>
    /// Whether it is known by the content of its one entry: a dump, or a copy that we made. Files that tar read are known by
    /// their tar records, as trees are.
    /// </summary>
    public bool IsByContent => Form == ArchivedForm.File
        && (Manifest is null ? Kind != SourceKind.File : Manifest is not { TarSha256: not null, Sha256: null });

    /// <summary>What an archive must hold of it.</summary>
    /// <param name="isTrusted">Whether set-user-id bits, pipes and attributes that grant rights are restored.</param>
    public Expectation Expect(bool isTrusted) => new(Entry, RawName.ToLatin1(Root), IsOnlyKnownAsStored ? null : Manifest, isTrusted);

    /// <summary>Whether all that is known of its content is that of the stored bytes, because they are nothing but its dump: so with Label Backup.</summary>
    public bool IsOnlyKnownAsStored { get; init; }

    /// <summary>Whether it is what belongs to a server as a whole, on which its databases rest.</summary>
    public bool IsGlobals => Manifest is { PartOf: not null, Database: null };

    private static string Shorten(string kind, string entry)
    {
        if (kind is SourceKind.Directory or SourceKind.File || !entry.StartsWith(kind + "-", StringComparison.Ordinal))
            return entry;
        var dot = entry.LastIndexOf('.');
        return dot > kind.Length ? entry[(kind.Length + 1)..dot] : entry[(kind.Length + 1)..];
    }
}

/// <summary>One source and where it goes: what is configured now, or null to unpack it only.</summary>
internal sealed record RestoreStep(ArchivedSource Source, SourcePlan? Target);

/// <summary>A source that is not restored, and why. <see cref="IsLoss"/>: it is configured, and this backup cannot give it back.</summary>
internal sealed record SkippedSource(string Kind, string Name, string Reason, bool IsLoss);

/// <summary>What a restore will do, decided before anything is touched.</summary>
internal sealed record RestorePlan
{
    public required string Archive { get; init; }

    /// <summary>In the order in which they are done: databases first, so that a failing one leaves the files as they are.</summary>
    public required IReadOnlyList<RestoreStep> Steps { get; init; }

    public IReadOnlyList<SkippedSource> Skipped { get; init; } = [];

    public string? ToDirectory { get; init; }

    public bool Merge { get; init; }

    /// <summary><see cref="RestoreOptions.DatabaseAs"/>.</summary>
    public string? DatabaseAs { get; init; }

    /// <summary>Whether an authentic manifest vouches for what is restored.</summary>
    public bool IsTrusted { get; init; }
}
