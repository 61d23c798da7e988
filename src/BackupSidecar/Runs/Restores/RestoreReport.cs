using System.Globalization;
using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Runs.Restores;

/// <summary>Gathers what a restore did while it runs, and becomes its report.</summary>
internal sealed class RestoreReport(Guid runId, string backupName, TimeProvider time)
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private readonly List<SourceReport> _sources = [];
    private FetchedArchive? _archive;
    private TimeSpan? _stoppedFor;
    private RunOutcome? _outcome;

    /// <summary>Enough of the run's ID to name its folders.</summary>
    public string ShortId { get; } = runId.ToString("N", CultureInfo.InvariantCulture)[..12];

    public void Used(FetchedArchive archive) => _archive = archive;

    public void Warn(IEnumerable<string> warnings) => _warnings.AddRange(warnings);

    public void Problem(string problem) => _problems.Add(problem);

    public void Failed(RestoreStep step, string problem) => _sources.Add(Source(step, problem));

    public void NotStarted(IReadOnlyList<string> services) => _problems.AddRange(services);

    public void StoppedFor(TimeSpan? duration) => _stoppedFor = duration;

    /// <summary>Everything of the plan is done. What it had to leave out makes the restore partial where it is a loss.</summary>
    public void Restored(RestorePlan plan)
    {
        _sources.AddRange(plan.Steps.Select(step => Source(step, step.Source.Manifest?.Problem)));
        foreach (var skipped in plan.Skipped)
            (skipped.IsLoss ? _problems : _warnings).Add($"'{skipped.Name}' was not restored: {skipped.Reason}.");
        _problems.AddRange(_sources.Where(source => source.Problem is not null).Select(source => $"'{source.EntryName}' is incomplete in this backup: {source.Problem}"));
    }

    public void End(RunOutcome outcome, string problem)
    {
        _outcome = outcome;
        _problems.Insert(0, problem);
    }

    public RunReport Finish() => new()
    {
        RunId = runId,
        Kind = RunKind.Restore,
        BackupName = backupName,
        StartedAt = _startedAt,
        FinishedAt = time.GetUtcNow(),
        Outcome = _outcome ?? (_problems.Count == 0 ? RunOutcome.Succeeded : RunOutcome.Partial),
        Timestamp = _archive?.Name.Timestamp,
        Archive = _archive?.Name.FileName,
        ArchiveBytes = _archive?.Copy.Bytes,
        Sources = _sources,
        ServicesStoppedFor = _stoppedFor,
        Problems = _problems,
        Warnings = _warnings,
    };

    private static SourceReport Source(RestoreStep step, string? problem) =>
        new(step.Source.Kind, step.Source.Entry, step.Source.Manifest?.Bytes ?? 0, step.Source.Manifest?.Entries ?? 0, problem);
}
