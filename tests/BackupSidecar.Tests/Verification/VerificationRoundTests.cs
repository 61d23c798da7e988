using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;

namespace BackupSidecar.Tests.Verification;

/// <summary>What a scheduled verification chooses from lists of stores.</summary>
public sealed class VerificationRoundTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 5, 0, 0, TimeSpan.Zero);

    private readonly List<CatalogEntry> _entries = [];
    private readonly List<RunReport> _verifications = [];
    private BackupMarks _marks = BackupMarks.None;

    [Fact]
    public void The_newest_backup_of_every_store_is_looked_at_closely_and_of_the_others_some_are_read()
    {
        Add(day: 21, "local");
        for (var day = 1; day <= 20; day++)
            Add(day, "local", "s3");

        var chosen = Choose();

        Assert.Equal(["21 local Content", "20 s3 Content"], chosen.Take(2));
        // Of the 39 copies a third of the bytes, those first that were not read for longest; the oldest of them cannot wait.
        Assert.Equal([.. Enumerable.Range(1, 6).SelectMany(day => new[] { $"{day} local Stored", $"{day} s3 Stored" }), "7 local Stored"], chosen.Skip(2));
    }

    [Fact]
    public void What_was_read_lately_is_left_alone()
    {
        Add(day: 21, "local");
        Add(day: 1, "local");
        Verify(day: 1, "local", VerificationResult.Good, daysAgo: 3);

        Assert.Equal(["21 local Content"], Choose());
    }

    [Fact]
    public void The_same_archive_need_not_be_opened_in_every_store()
    {
        Add(day: 21, "local", "s3");

        Assert.All(Round().Choose(Catalog), each => Assert.Equal(VerificationLevel.Stored, each.LevelOfTwin));
    }

    [Fact]
    public void What_was_refused_is_looked_at_as_closely_again_until_somebody_accepts_it()
    {
        Add(day: 21, "local");
        Add(day: 20, "local");
        _marks = BackupMarks.None.With(new BackupMark(Name(20).FileName, "local", Now, "it is damaged") { RefusedAt = VerificationLevel.Restore });

        var open = Choose();
        _marks = _marks.Accept([.. _marks.All], Now);

        Assert.Equal(["21 local Content", "20 local Restore"], open);
        Assert.Equal(["21 local Content"], Choose());
    }

    [Fact]
    public void Where_the_newest_is_accepted_as_bad_the_one_before_it_is_the_newest()
    {
        Add(day: 21, "local");
        Add(day: 20, "local");
        _marks = BackupMarks.None.With(new BackupMark(Name(21).FileName, "local", Now, "it is damaged") { RefusedAt = VerificationLevel.Content, AcceptedAt = Now });

        Assert.Equal(["20 local Content"], Choose());
    }

    [Fact]
    public void Every_manifest_in_doubt_is_looked_at_each_time_and_what_has_none_is_not()
    {
        Add(day: 21, "local");
        Add(day: 20, "local", trust: ManifestTrust.NotAuthenticated);
        AddBare(day: 19, CatalogState.Damaged);
        AddBare(day: 18, CatalogState.Incomplete);
        AddBare(day: 17, CatalogState.Legacy);
        AddBare(day: 16, CatalogState.OtherKey);

        Assert.Equal(["21 local Content", "20 local Stored", "19 local Stored", "16 local Stored"], Choose());
    }

    [Fact]
    public void Where_nothing_is_stored_nothing_is_chosen() => Assert.Empty(Choose());

    private Catalog Catalog => new(_entries, []);

    private VerificationRound Round() => new(new PastVerifications(_verifications), _marks, VerificationLevel.Content, TimeSpan.FromDays(7), HasManifestKey: true, Now);

    private List<string> Choose() => [.. Round().Choose(Catalog).Select(each => $"{each.Name.LocalTime.Day} {each.Copy.Store} {each.Level}")];

    private static ArchiveName Name(int day) => new("shop", new DateTime(2026, 11, day, 3, 0, 0), ".tar.gz.gpg");

    private void Add(int day, params string[] stores) => Add(day, ManifestTrust.Authentic, stores);

    private void Add(int day, string store, ManifestTrust trust) => Add(day, trust, store);

    private void Add(int day, ManifestTrust trust, params string[] stores) =>
        _entries.Add(new CatalogEntry(Name(day), [.. stores.Select(store => new StoredCopy(store, 100, Now, CatalogState.Complete) { Manifest = Manifest(day), Trust = trust })]));

    private void AddBare(int day, CatalogState state) => _entries.Add(new CatalogEntry(Name(day), [new StoredCopy("local", 100, Now, state)]));

    private void Verify(int day, string store, VerificationResult result, int daysAgo) => _verifications.Add(new RunReport
    {
        RunId = Guid.NewGuid(),
        Kind = RunKind.Verify,
        BackupName = "shop",
        StartedAt = Now.AddDays(-daysAgo),
        FinishedAt = Now.AddDays(-daysAgo),
        Outcome = RunOutcome.Succeeded,
        Verified = [new VerifiedCopy(Name(day).FileName, store, VerificationLevel.Stored, result, Problem: null)],
    });

    private static Manifest Manifest(int day) => new()
    {
        CreatedBy = "a test",
        RunId = Guid.NewGuid(),
        BackupName = "shop",
        Archive = Name(day).FileName,
        StartedAt = Now,
        FinishedAt = new DateTimeOffset(2026, 11, day, 3, 0, 0, TimeSpan.Zero),
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = "none",
        Sources = [],
        Stored = new StoredArchive(100, $"digest of day {day}"),
    };
}
