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
        var report = await program.VerifyRun().RunAsync(Guid.NewGuid(), options, Found, signals.Token);
        report = report.Masked(program.Reading.Redactor);
        if (json)
            await Console.Out.WriteLineAsync(program.Reading.Redactor.Redact(VerificationJson.Of(report, options.Level, Reached(report, options.Level), found)));
        Tell(program, report, Reached(report, options.Level), isShown: json);
        Remember(program, report);
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

    private static void Tell(Composition program, RunReport report, VerificationLevel level, bool isShown)
    {
        foreach (var warning in report.Warnings)
            program.Log.LogWarning("{Warning}", warning);
        if (!isShown && report.Verified.Any(copy => copy.Result == VerificationResult.Good))
            Console.Out.WriteLine(VerificationText.NotChecked(level));
        if (report.Outcome != RunOutcome.Succeeded)
            program.Log.LogError("{Headline}: {Problems}", ReportText.Headline(report), string.Join(" | ", report.Problems));
    }

    /// <summary>What was found out is true without a history, too.</summary>
    private static void Remember(Composition program, RunReport report)
    {
        if (report.Verified.Count == 0)
            return;
        try
        {
            program.Verifications.Append(report);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            program.Log.LogError("The history in {State} could not be written, so the list will not show this: {Problem}", program.Settings.Paths.State, failure.Message);
        }
    }
}
