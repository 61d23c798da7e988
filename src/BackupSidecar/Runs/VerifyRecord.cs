using BackupSidecar.Reports;

namespace BackupSidecar.Runs;

/// <summary>Gathers what a verification finds, and becomes its report.</summary>
/// <param name="runId">The run's ID.</param>
/// <param name="backupName">The backup's name.</param>
/// <param name="isLevelDemanded">Whether somebody has asked for the level, so that less is a failure.</param>
/// <param name="time">The clock.</param>
internal sealed class VerifyRecord(Guid runId, string backupName, bool isLevelDemanded, TimeProvider time)
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly List<CopyVerification> _found = [];
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private RunOutcome? _outcome;
    private bool _isUnlisted;
    private bool _isNothingThere;

    public void Add(CopyVerification found) => _found.Add(found);

    public void Warn(IEnumerable<string> warnings) => _warnings.AddRange(warnings);

    /// <summary>What a store did not list was not verified.</summary>
    public void Unlisted(Catalog catalog)
    {
        if (catalog.IsWhole)
            return;
        _isUnlisted = true;
        _problems.AddRange(catalog.Problems);
    }

    /// <summary>There is no backup yet that could be good or bad.</summary>
    public void NothingToVerify() => _isNothingThere = true;

    public void End(RunOutcome outcome, string problem)
    {
        _outcome = outcome;
        _problems.Insert(0, problem);
    }

    public RunReport Finish()
    {
        var names = _found.Select(found => found.Name).Distinct().ToList();
        return new RunReport
        {
            RunId = runId,
            Kind = RunKind.Verify,
            BackupName = backupName,
            StartedAt = _startedAt,
            FinishedAt = time.GetUtcNow(),
            Outcome = Outcome(),
            Timestamp = names is [var only] ? only.Timestamp : null,
            Archive = names is [var one] ? one.FileName : null,
            Verified = [.. _found.Select(found => found.Copy)],
            Problems = [.. _problems, .. _found.Where(found => found.Copy.Result is VerificationResult.Refused or VerificationResult.Unread).Select(found => found.Copy.Problem!), .. Short.Select(Explain)],
            Warnings = [.. _warnings, .. _found.Where(found => found.Copy.Result == VerificationResult.Good).Except(Short).SelectMany(found => found.NotRestored.Select(sentence => $"{found.Copy.Archive} in the store '{found.Copy.Store}': {sentence}.")), .. _found.Where(found => found.Copy.Result == VerificationResult.Gone).Select(found => $"{found.Copy.Archive} in the store '{found.Copy.Store}': {found.Copy.Problem}.")],
        };
    }

    /// <summary>A backup that is known to be bad weighs more than one of which nothing is known, and that more than many good ones.</summary>
    private RunOutcome Outcome()
    {
        // Whoever pressed Ctrl-C must still learn of what had been found by then.
        if (Has(VerificationResult.Refused))
            return RunOutcome.Refused;
        if (_outcome is { } outcome)
            return outcome;
        var isProven = _isNothingThere || Has(VerificationResult.Good);
        return _isUnlisted || Has(VerificationResult.Unread) || !isProven || Short.Any() ? RunOutcome.Failed : RunOutcome.Succeeded;
    }

    private IEnumerable<CopyVerification> Short => _found.Where(found => isLevelDemanded && found.IsShortOfWanted);

    private static string Explain(CopyVerification found)
    {
        var reasons = found.NotRestored.DefaultIfEmpty("dumps of this kind are read, and not restored");
        return $"{found.Copy.Archive} in the store '{found.Copy.Store}' is good as {ReportText.Word(found.Copy.Level)}, but whether it comes back could not be told: {string.Join("; ", reasons)}";
    }

    private bool Has(VerificationResult result) => _found.Exists(found => found.Copy.Result == result);
}
