using BackupSidecar.Archives;
using BackupSidecar.Planning;

namespace BackupSidecar.Runs;

/// <summary>What is known of a stored archive, from best to worst.</summary>
internal enum CatalogState
{
    /// <summary>A backup: whole, and all of its sources are in it.</summary>
    Complete,

    /// <summary>A backup: whole, but a source failed or is incomplete.</summary>
    Partial,

    /// <summary>No manifest, and older than the first that has one: made by docker-backup-sidecar.</summary>
    Legacy,

    /// <summary>Its manifest names a key that is not configured: whether it is a backup, only that key can show.</summary>
    OtherKey,

    /// <summary>No manifest, though there were manifests before it: its run did not come to its end. Not a backup.</summary>
    Incomplete,

    /// <summary>Its manifest is unreadable or forged, or does not fit the archive: not a backup.</summary>
    Damaged,
}

/// <summary>An archive as one store has it. <see cref="Problem"/> says in words why it is not simply good.</summary>
internal sealed record StoredCopy(string Store, long Bytes, DateTimeOffset WrittenAt, CatalogState State)
{
    public Manifest? Manifest { get; init; }

    public ManifestTrust? Trust { get; init; }

    public string? Problem { get; init; }

    /// <summary>Whether the problem is that the store failed to give the manifest, which says nothing of the backup.</summary>
    public bool IsUnread { get; init; }

    /// <summary>Whether it must not be used, whatever anybody says.</summary>
    public bool IsRefused => State is CatalogState.OtherKey or CatalogState.Damaged;

    /// <summary>Why its bytes cannot be trusted although nothing shows that they are wrong; null if they can, as far as there is a key at all.</summary>
    public string? NotVouchedFor(bool hasManifestKey) =>
        Manifest is null ? "has no manifest: it was made by docker-backup-sidecar, or its run was interrupted, and nothing can show that it is whole"
        : Trust == ManifestTrust.NotAuthenticated && hasManifestKey ? "has a manifest that nobody signed, although a key is configured here"
        : null;

    /// <summary>Whether its manifest is ours: signed with a key of ours, or by nobody where there is no key. What it says then decides what goes.</summary>
    public bool IsOurs(bool hasManifestKey) => Trust == ManifestTrust.Authentic || (!hasManifestKey && Manifest?.Authentication is null);

    /// <summary>What to throw where it must not be used.</summary>
    public BackupRefusedException Refused(ArchiveName name, string why, Exception? cause = null) =>
        new($"{name.FileName} in the store '{Store}' {why}.", cause);
}

/// <summary>One archive name with its copies in the stores, in the stores' order.</summary>
internal sealed record CatalogEntry(ArchiveName Name, IReadOnlyList<StoredCopy> Copies)
{
    /// <summary>That of the best copy.</summary>
    public CatalogState State => Copies.Min(copy => copy.State);

    /// <summary>Of the best copy that has one.</summary>
    public Manifest? Manifest => Copies.OrderBy(copy => copy.State).Select(copy => copy.Manifest).FirstOrDefault(manifest => manifest is not null);
}

/// <summary>What was found by a search, and what a person should know about the choice.</summary>
internal sealed record CatalogMatch(CatalogEntry Entry, string? Remark);

/// <summary>All archives of a backup over all stores, newest first, and what went wrong while they were listed.</summary>
internal sealed record Catalog(IReadOnlyList<CatalogEntry> Entries, IReadOnlyList<string> Problems)
{
    /// <summary>Whether every store could be listed.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>Manifests without their archives: what was a backup, and lost its bytes.</summary>
    public IReadOnlyList<CatalogEntry> Lost { get; init; } = [];

    private const int Suggestions = 5;

    /// <summary>Finds "latest" (the newest complete backup), a timestamp, or a file name.</summary>
    /// <exception cref="RestoreException">Nothing, or more than one, fits; the message lists what is nearest.</exception>
    /// <exception cref="BackupRefusedException">The latest is wanted, and all that is there is damaged, or made with another key.</exception>
    public CatalogMatch Find(RestoreOptions options)
    {
        var entries = Entries.Select(entry => Only(entry, options.Store)).OfType<CatalogEntry>().ToList();
        return options.Backup == RestoreOptions.Latest ? Latest(entries, options) : Named(entries, options);
    }

    /// <summary>The newest complete backup before this one that is vouched for, as far as manifests tell; null if there is none.</summary>
    public CatalogEntry? VouchedForBefore(CatalogEntry refused, bool hasManifestKey) => Entries.FirstOrDefault(entry =>
        entry.Name.LocalTime < refused.Name.LocalTime
        && entry.Copies.Any(copy => copy.State == CatalogState.Complete && copy.NotVouchedFor(hasManifestKey) is null));

    /// <summary>
    /// What a verification looks at: all backups, or the newest, whatever became of it since; what never was a backup is
    /// passed over unless it is named.
    /// </summary>
    /// <exception cref="RestoreException">Nothing, or more than one, fits.</exception>
    public IReadOnlyList<CatalogEntry> ToVerify(VerifyOptions options)
    {
        var search = new RestoreOptions { Backup = options.Backup ?? RestoreOptions.Latest, Store = options.Store };
        var entries = Entries.Concat(Lost)
            .GroupBy(entry => entry.Name, (name, same) => new CatalogEntry(name, [.. same.SelectMany(entry => entry.Copies)]))
            .OrderByDescending(entry => entry.Name.LocalTime)
            .Select(entry => Only(entry, options.Store)).OfType<CatalogEntry>().ToList();
        if (options.IsNamed)
            return [Named(entries, search).Entry];
        var backups = entries.FindAll(entry => entry.Copies.Any(copy =>
            copy.State is CatalogState.Complete or CatalogState.Partial or CatalogState.OtherKey or CatalogState.Damaged));
        return backups.Count == 0 ? throw new RestoreException(Absent("There is no backup", entries, search))
            : options.Backup is null ? backups
            : [backups[0]];
    }

    /// <summary>What a person should know about the choice of <see cref="ToVerify"/>, a sentence each.</summary>
    public IEnumerable<string> PassedOver(IReadOnlyList<CatalogEntry> chosen, VerifyOptions options)
    {
        if (options.IsNamed)
            yield break;
        var entries = Entries.Select(entry => Only(entry, options.Store)).OfType<CatalogEntry>().ToList();
        var unvouched = entries.Where(entry => chosen.All(other => other.Name != entry.Name))
            .Where(entry => options.Backup is null || entry.Name.LocalTime > chosen[0].Name.LocalTime)
            .Where(entry => entry.State is CatalogState.Incomplete or CatalogState.Legacy)
            .Select(entry => $"{entry.Name.FileName} ({Word(entry.State)})").ToList();
        if (unvouched.Count > 0)
            yield return $"Passed over, because nothing vouches for it: {string.Join(", ", unvouched.Take(Suggestions))}{(unvouched.Count > Suggestions ? $" and {unvouched.Count - Suggestions} more" : "")}.";
        if (options.Backup is not null && chosen[0].State == CatalogState.Partial && entries.Find(entry => entry.State == CatalogState.Complete) is { } complete)
            yield return $"{chosen[0].Name.FileName} is partial: a source is not whole in it. \"restore latest\" would take {complete.Name.FileName}.";
    }

    private static CatalogEntry? Only(CatalogEntry entry, string? store)
    {
        var copies = entry.Copies.Where(copy => store is null || copy.Store == store).ToList();
        return copies.Count == 0 ? null : entry with { Copies = copies };
    }

    private CatalogMatch Latest(List<CatalogEntry> entries, RestoreOptions options)
    {
        var found = entries.Find(entry => entry.State == CatalogState.Complete)
            ?? entries.Find(entry => entry.State == CatalogState.Partial)
            ?? entries.Find(entry => entry.State == CatalogState.Legacy && options.AllowUnverified);
        if (found is null && entries.Find(entry => entry.State is CatalogState.OtherKey or CatalogState.Damaged) is { } refused)
        {
            // With a wrong key every backup looks like this, so the reason must be told.
            throw new BackupRefusedException(
                $"{Absent("There is no complete backup", entries, options)} {refused.Name.FileName} is refused: {refused.Copies.MinBy(copy => copy.State)!.Problem}.");
        }
        if (found is null)
        {
            var hint = entries.Exists(entry => entry.State == CatalogState.Legacy) ? " A legacy one is restored with --allow-unverified." : "";
            throw new RestoreException(Absent("There is no complete backup", entries, options) + hint);
        }
        var newer = entries.TakeWhile(entry => entry != found).Select(entry => $"{entry.Name.FileName} ({Word(entry.State)})").ToList();
        var remarks = new List<string>();
        if (newer.Count > 0)
            remarks.Add($"The newest backup that can be used is {found.Name.FileName}. Newer, but passed over: {string.Join(", ", newer)}.");
        if (found.State != CatalogState.Complete)
            remarks.Add($"There is no complete backup; {found.Name.FileName} is {Word(found.State)}.");
        return new CatalogMatch(found, remarks.Count == 0 ? null : string.Join(' ', remarks));
    }

    private CatalogMatch Named(List<CatalogEntry> entries, RestoreOptions options)
    {
        var found = entries.Where(entry => options.Backup == entry.Name.Timestamp || options.Backup == entry.Name.FileName).ToList();
        return found.Count switch
        {
            1 => new CatalogMatch(found[0], null),
            0 => throw new RestoreException(Absent($"There is no backup '{options.Backup}'", entries, options)),
            _ => throw new RestoreException(
                $"'{options.Backup}' fits more than one archive. Name the one you mean: {string.Join(", ", found.Select(entry => entry.Name.FileName))}."),
        };
    }

    private string Absent(string what, List<CatalogEntry> entries, RestoreOptions options)
    {
        var place = options.Store is null ? "" : $" in the store '{options.Store}'";
        // What lies before or after all of them is near to none.
        var near = ArchiveName.TryParseTimestamp(options.Backup, out var wanted) && entries.Exists(entry => entry.Name.LocalTime <= wanted) && entries.Exists(entry => entry.Name.LocalTime >= wanted)
            ? entries.OrderBy(entry => (entry.Name.LocalTime - wanted).Duration())
            : entries.OrderByDescending(entry => entry.Name.LocalTime);
        var names = near.Take(Suggestions).Select(entry => $"{entry.Name.ShortName} ({Word(entry.State)})").ToList();
        var suggestion = names.Count == 0 ? "Nothing is stored there." : $"There are: {string.Join(", ", names)}.";
        return string.Join(' ', [$"{what}{place}.", suggestion, .. Problems]);
    }

    /// <summary>The state as people and machines read it.</summary>
    public static string Word(CatalogState state) => state switch
    {
        CatalogState.Complete => "complete",
        CatalogState.Partial => "partial",
        CatalogState.Legacy => "legacy",
        CatalogState.OtherKey => "other-key",
        CatalogState.Incomplete => "incomplete",
        CatalogState.Damaged => "damaged",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}
