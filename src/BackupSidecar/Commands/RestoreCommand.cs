using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary><c>restore</c>: shows the plan, asks, restores, tells.</summary>
internal static class RestoreCommand
{
    public static async Task<int> ExecuteAsync(RestoreOptions options, bool yes, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        var runId = Guid.NewGuid();
        using var runLock = await RunLock.TakeAsync(program.Settings.Paths.State, RunPurpose.Of(RunKind.Restore, runId).ToString(), signals.Token);
        await program.Recovery().RunAsync(runLock, signals.Token);
        var labelled = await LabelledRestore.FindAsync(program, options, signals.Token);
        using var containerLock = labelled?.Identity is { } identity
            ? await RunLock.TakeAsync(program.Settings.Paths.State, $"restore of {options.Backup}", signals.Token, RunLock.OfContainer(identity))
            : null;
        var report = (await RestoreAsync(program, runId, labelled, labelled?.Options ?? options, yes, signals)).Masked(program.Reading.Redactor);
        if (labelled is null && report is { Archive: null, Outcome: RunOutcome.Failed } && !program.MakesArchives)
            report = report with { Problems = [.. report.Problems, "Only databases with labels are backed up here, each by itself: restore CONTAINER, or a dump by its name as 'list' shows it."] };
        Tell(program, report);
        Remember(program, report);
        return ExitCode.Of(report.Outcome, signals);
    }

    private static async Task<RunReport> RestoreAsync(
        Composition program, Guid runId, LabelledRestore? labelled, RestoreOptions options, bool yes, Signals signals)
    {
        var hooks = program.Hooks(runId);
        var hasBegun = false;
        var run = labelled is null ? program.RestoreRun() : program.RestoreRun(labelled);
        var report = await run.RunAsync(runId, options, ConfirmAsync, signals.Token);
        if (!hasBegun)
            return report;
        var failed = await hooks.RunAfterRestoreAsync(report, CancellationToken.None);
        return report with
        {
            Problems = [.. report.Problems, .. failed],
            Outcome = failed.Count > 0 && report.Outcome == RunOutcome.Succeeded ? RunOutcome.Partial : report.Outcome,
        };

        async Task<bool> ConfirmAsync(RestorePlan plan, CancellationToken cancellation)
        {
            await Console.Out.WriteAsync(RestorePlanText.Of(plan, labelled is null ? program.Settings.Services.Stop : []));
            WarnOfLoss(program, plan.Archive);
            if (!yes && !Agrees())
                return false;
            // Hooks, like services, belong to archives.
            if (options.ToDirectory is not null || labelled is not null)
                return true;
            hasBegun = true;
            hooks.WarnOfSkippedScripts();
            await hooks.RunBeforeRestoreAsync(cancellation);
            return true;
        }
    }

    /// <summary>The newest backup may be the one that already lacks what is to be brought back.</summary>
    private static void WarnOfLoss(Composition program, string archive)
    {
        try
        {
            if (program.Marks.Read().OfBackup(archive) is { IsOpen: true } mark)
                program.Log.LogWarning("{Archive} is much smaller than those before it. {Problem} An older backup may hold what you need: see 'list'.", archive, mark.Problem);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            program.Log.LogWarning("Whether {Archive} needs attention cannot be told: {Problem}", archive, failure.Message);
        }
    }

    private static bool Agrees()
    {
        if (Console.IsInputRedirected)
        {
            Console.Error.WriteLine("There is no terminal to ask on. If this plan is what you want, add --yes.");
            return false;
        }
        Console.Out.Write("Restore this? Type yes: ");
        return Console.ReadLine()?.Trim() == "yes";
    }

    /// <summary>A history that cannot be written does not undo a restore.</summary>
    private static void Remember(Composition program, RunReport report)
    {
        try
        {
            MayFail.At(Failpoint.RestoreBeforeHistory, CancellationToken.None);
            program.History.Append(report);
            MayFail.At(Failpoint.RestoreAfterHistory, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            program.Log.LogError("The history in {State} could not be written: {Problem}", program.Settings.Paths.State, failure.Message);
        }
    }

    private static void Tell(Composition program, RunReport report)
    {
        foreach (var warning in report.Warnings)
            program.Log.LogWarning("{Warning}", warning);
        if (report.Outcome == RunOutcome.Succeeded)
            program.Log.LogInformation("Restore completed successfully: {Archive}", report.Archive);
        else
            program.Log.LogError("{Headline}: {Problems}", ReportText.Headline(report), string.Join(" | ", report.Problems));
    }
}
