using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary><c>verify</c>: reads backups back and tells of each copy what was found, and what was not looked at.</summary>
internal static class VerifyCommand
{
    public static async Task<int> ExecuteAsync(VerifyOptions options, bool json, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        var found = new List<CopyVerification>();
        var run = ArtefactName.TryParse(options.Backup ?? "", out var dump) ? program.VerifyRun(dump) : program.VerifyRun();
        var report = await run.RunAsync(Guid.NewGuid(), options, Found, signals.Token);
        report = report.Masked(program.Reading.Redactor);
        if (report.Verified.Count > 0)
            report = Remember(program, report);
        else if (report.Outcome == RunOutcome.Failed && !program.MakesArchives)
            report = report with { Problems = [.. report.Problems, "Only databases with labels are backed up here, each by itself: name the dump that is to be read back as 'list' shows it."] };
        if (json)
            await Console.Out.WriteLineAsync(program.Reading.Redactor.Redact(VerificationJson.Of(report, options.Level, Reached(report, options.Level), found)));
        if (!json && report.Verified.Any(copy => copy.Result == VerificationResult.Good))
            await Console.Out.WriteLineAsync(VerificationText.NotChecked(Reached(report, options.Level)));
        Tell(program, report);
        return ExitCode.Of(report.Outcome, signals);

        void Found(CopyVerification copy)
        {
            found.Add(copy);
            if (!json)
                Console.Out.Write(program.Reading.Redactor.Redact(VerificationText.Of(copy)));
        }
    }

    /// <summary>What holds of all that is good: a database that could not be restored here was read as content.</summary>
    private static VerificationLevel Reached(RunReport report, VerificationLevel wanted) => report.Verified
        .Where(copy => copy.Result == VerificationResult.Good).Select(copy => copy.Level).DefaultIfEmpty(wanted).Min();

    /// <summary>Writes what is wrong to the log.</summary>
    public static void Tell(Composition program, RunReport report)
    {
        foreach (var warning in report.Warnings)
            program.Log.LogWarning("{Warning}", warning);
        if (report.Outcome != RunOutcome.Succeeded)
            program.Log.LogError("{Headline}: {Problems}", ReportText.Headline(report), string.Join(" | ", report.Problems));
    }

    /// <summary>
    /// Writes down what was found out, which is true even where that fails, and marks what is bad. Returns the report with what
    /// that means for pruning.
    /// </summary>
    public static RunReport Remember(Composition program, RunReport report)
    {
        try
        {
            var (_, marks) = program.Marks.Update(before => before.After(report));
            program.Verifications.Append(report);
            var bad = report.Verified.Where(copy => copy.Result == VerificationResult.Refused && marks.OfCopy(copy.Archive, copy.Store) is { IsOpen: true }).ToList();
            return bad.Count == 0 ? report : report with { Problems = [.. report.Problems, Freeze(bad)] };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return report with
            {
                Outcome = report.Outcome == RunOutcome.Succeeded ? RunOutcome.Failed : report.Outcome,
                Problems = [.. report.Problems, $"What was found could not be written to {program.Settings.Paths.State}, so neither the list nor retention know of it: {failure.Message}"],
            };
        }
    }

    private static string Freeze(List<VerifiedCopy> bad)
    {
        var stores = string.Join(" and ", bad.Select(copy => $"'{copy.Store}'").Distinct());
        string[] advice =
        [
            .. bad.All(copy => copy.IsOnlyUntrue) ? Array.Empty<string>() : ["If the files are beyond repair, remove them, or say that you know"],
            .. bad.Any(copy => copy.IsOnlyUntrue) ? ["If an assertion asks too much, change it and verify once more; if the data are not what they should be, say that you know"] : Array.Empty<string>(),
        ];
        // Nobody should accept what they have not looked at.
        var known = bad.Select(copy => copy.Archive).Distinct().ToList() is [var only] ? only : "TIMESTAMP";
        return $"Nothing is pruned in the store {stores} until somebody has looked. {string.Join(". ", advice)}: backup-sidecar accept {known}";
    }
}
