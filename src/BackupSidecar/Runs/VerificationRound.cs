using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Runs;

/// <summary>A copy that is to be verified, and how closely.</summary>
internal sealed record CopyToVerify(ArchiveName Name, StoredCopy Copy, VerificationLevel Level)
{
    /// <summary>The level that will do where the same archive, by its digest, was opened from another store and found good before.</summary>
    public VerificationLevel LevelOfTwin { get; init; } = Level;
}

/// <summary>
/// What a scheduled verification looks at: in every store the newest backup, as closely as is wanted; what was refused before
/// and nobody has accepted; all whose manifests are in doubt, which costs nothing; and of the others some in turns, so that all
/// stored bytes are read within a month.
/// </summary>
/// <param name="Past">What is known from before.</param>
/// <param name="Marks">What is held against copies.</param>
/// <param name="Level">How closely the newest backup is looked at.</param>
/// <param name="Interval">The longest time until the next scheduled verification.</param>
/// <param name="HasManifestKey">Whether manifests must be signed.</param>
/// <param name="Now">The time.</param>
internal sealed record VerificationRound(
    PastVerifications Past, BackupMarks Marks, VerificationLevel Level, TimeSpan Interval, bool HasManifestKey, DateTimeOffset Now)
{
    /// <summary>Whether a copy may be looked at as closely as can be.</summary>
    public bool MayDrill => Level == VerificationLevel.Restore || Marks.All.Any(mark => mark is { IsOpen: true, RefusedAt: VerificationLevel.Restore });

    public IReadOnlyList<CopyToVerify> Choose(Catalog catalog)
    {
        var copies = catalog.Entries.Concat(catalog.Lost)
            .Where(entry => entry.State is CatalogState.Complete or CatalogState.Partial || entry.Copies.Any(copy => copy.IsRefused))
            .OrderByDescending(entry => entry.Name.LocalTime)
            .SelectMany(entry => entry.Copies.Select(copy => (entry.Name, Copy: copy)))
            .Where(each => each.Copy.State is CatalogState.Complete or CatalogState.Partial || each.Copy.IsRefused)
            .Where(each => Mark(each) is null or { IsOpen: true })
            .ToList();
        var newest = copies.DistinctBy(each => each.Copy.Store).ToList();
        var others = copies.Except(newest).ToList();
        var refused = others.FindAll(each => Mark(each) is not null);
        var doubtful = others.FindAll(each => Mark(each) is null && IsInDoubt(each.Copy));
        var due = Rotation.Choose(others.Except(refused).Except(doubtful).Select(ToRead), Now, Interval)
            .Select(read => others.Find(each => each.Name.FileName == read.Archive && each.Copy.Store == read.Store));
        return
        [
            .. newest.Select(each => new CopyToVerify(each.Name, each.Copy, Closest(each)) { LevelOfTwin = Mark(each)?.RefusedAt ?? VerificationLevel.Stored }),
            .. refused.Select(each => new CopyToVerify(each.Name, each.Copy, Mark(each)!.RefusedAt!.Value)), // They are those with a mark of a copy.
            .. doubtful.Concat(due).Select(each => new CopyToVerify(each.Name, each.Copy, VerificationLevel.Stored)),
        ];
    }

    private BackupMark? Mark((ArchiveName Name, StoredCopy Copy) each) => Marks.OfCopy(each.Name.FileName, each.Copy.Store);

    /// <summary>What was refused before must pass as close a look to be taken for good again.</summary>
    private VerificationLevel Closest((ArchiveName Name, StoredCopy Copy) each) =>
        Mark(each)?.RefusedAt is { } refused && refused > Level ? refused : Level;

    private bool IsInDoubt(StoredCopy copy) => copy.IsRefused || copy.NotVouchedFor(HasManifestKey) is not null;

    private RotationCopy ToRead((ArchiveName Name, StoredCopy Copy) each) => new(
        each.Name.FileName, each.Copy.Store, each.Copy.Bytes,
        Past.LastRead(each.Name.FileName, each.Copy.Store) ?? each.Copy.Manifest!.FinishedAt); // What has none is in doubt.
}
