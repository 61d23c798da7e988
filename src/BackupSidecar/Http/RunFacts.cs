using BackupSidecar.Commands;
using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Http;

/// <summary>What one destination has of the backups.</summary>
internal sealed record DestinationFacts(string Name, DateTimeOffset LastStored, long? Bytes, int? Kept);

/// <summary>The newest good verification of each level in each destination.</summary>
internal sealed record VerifiedFacts(string Store, VerificationLevel Level, string Archive, DateTimeOffset At);

/// <summary>What the histories come to for the backups of one name, in the few facts that are asked for again and again.</summary>
internal sealed record RunFacts
{
    /// <summary>That of the stack, or of a labelled database.</summary>
    public required string Name { get; init; }

    /// <summary>The newest run of each kind.</summary>
    public required IReadOnlyList<RunReport> LastRuns { get; init; }

    public required RunReport? LastGoodBackup { get; init; }


    public required IReadOnlyList<(string Kind, RunOutcome Outcome, int Runs)> Counts { get; init; }

    /// <summary>How long services stood still for all of these runs together.</summary>
    public required TimeSpan StoppedFor { get; init; }

    public required IReadOnlyList<DestinationFacts> Destinations { get; init; }

    public required IReadOnlyList<VerifiedFacts> Verified { get; init; }

    /// <param name="name">Of the backups.</param>
    /// <param name="runs">Their history, newest first.</param>
    public static RunFacts Of(string name, IReadOnlyList<RunReport> runs) => new()
    {
        Name = name,
        LastRuns = [.. runs.GroupBy(run => run.Kind).Select(kind => kind.MaxBy(run => run.FinishedAt)!)], // No group is empty.
        LastGoodBackup = runs.FirstOrDefault(run => run is { Kind: RunKind.Backup, Outcome: RunOutcome.Succeeded }),
        Counts = [.. runs.GroupBy(run => (run.Kind, run.Outcome)).Select(group => (group.Key.Kind, group.Key.Outcome, group.Count()))],
        StoppedFor = TimeSpan.FromTicks(runs.Sum(run => run.ServicesStoppedFor?.Ticks ?? 0)),
        Destinations = [.. Stored(runs)],
        Verified = [.. VerifiedIn(runs)],
    };

    /// <summary>Of the backups of each name, the newest run and the newest good one.</summary>
    public static Func<string, PastBackups> PastOf(IReadOnlyList<RunFacts> all)
    {
        var byName = all.ToDictionary(facts => facts.Name);
        return name => byName.GetValueOrDefault(name) is { } facts
            ? new PastBackups(facts.LastRuns.FirstOrDefault(run => run.Kind == RunKind.Backup), facts.LastGoodBackup)
            : new PastBackups(Last: null, LastGood: null);
    }

    private static IEnumerable<DestinationFacts> Stored(IReadOnlyList<RunReport> runs) => runs
        .Where(run => run is { Kind: RunKind.Backup, Archive: not null })
        .SelectMany(run => run.Stores.Where(store => store.Problem is null).Select(store => (Run: run, Store: store)))
        .GroupBy(stored => stored.Store.Store)
        .Select(stored => stored.MaxBy(each => each.Run.FinishedAt))
        .Select(newest => new DestinationFacts(newest.Store.Store, newest.Run.FinishedAt, newest.Run.ArchiveBytes, newest.Store.Kept));

    private static IEnumerable<VerifiedFacts> VerifiedIn(IReadOnlyList<RunReport> runs) => new PastVerifications(runs).All
        .Where(past => past.Copy.Result == VerificationResult.Good)
        .GroupBy(past => (past.Copy.Store, past.Copy.Level))
        .Select(good => good.MaxBy(past => past.At)!) // No group is empty.
        .Select(newest => new VerifiedFacts(newest.Copy.Store, newest.Copy.Level, newest.Copy.Archive, newest.At));
}

/// <summary>The facts of histories that other processes write: read again when these have changed, and not with every question.</summary>
internal sealed class FactsReader(IReadOnlyList<History> histories)
{
    private readonly Lock _gate = new();
    private IReadOnlyList<RunFacts>? _facts;
    private IReadOnlyList<(long Length, DateTime Written)> _versions = [];

    /// <summary>One for each name of which there is any history.</summary>
    public IReadOnlyList<RunFacts> Read()
    {
        lock (_gate)
        {
            var versions = histories.Select(history => history.Version).ToList();
            if (_facts is not null && versions.SequenceEqual(_versions))
                return _facts;
            _versions = versions;
            var all = Attributed([.. histories.SelectMany(history => history.ReadNewestFirst())]);
            return _facts = [.. all.GroupBy(run => run.BackupName).Select(runs => RunFacts.Of(runs.Key, [.. runs]))];
        }
    }

    /// <summary>The verification of a labelled database's dump counts with the backups of that database.</summary>
    private static IEnumerable<RunReport> Attributed(IReadOnlyList<RunReport> runs)
    {
        var owners = runs.Where(run => run.Kind == RunKind.Backup && ArtefactName.TryParse(run.Archive ?? "", out _)).ToList();
        return runs.Select(run => run.Kind == RunKind.Verify && ArtefactName.TryParse(run.Archive ?? "", out var dump) && OwnerOf(dump) is { } owner
            ? run with { BackupName = owner.BackupName }
            : run);

        RunReport? OwnerOf(ArtefactName dump) => owners.Find(run => run.Archive == dump.FileName)
            ?? owners.Find(run => run.Archive!.StartsWith(dump.Beginning, StringComparison.Ordinal)); // It was parsed.
    }
}
