using BackupSidecar.Failpoints;
using BackupSidecar.Services;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Restores;

/// <summary>
/// The part of a restore that others can feel: with the services stopped, every target becomes what was unpacked, or all of
/// them go back to what they were.
/// </summary>
internal sealed class RestoreApplication(StopWindow? window, ILogger log)
{
    public async Task ApplyAsync(IReadOnlyList<IRestoreTarget> targets, RestoreReport report, CancellationToken cancellation)
    {
        if (window is not null)
            await window.OpenAsync(cancellation);
        try
        {
            await ApplyAllAsync(targets, report, cancellation);
        }
        finally
        {
            if (window is not null)
            {
                report.NotStarted(await window.CloseAsync());
                report.StoppedFor(window.Duration);
                MayFail.At(Failpoint.RestoreServicesStarted, CancellationToken.None);
            }
        }
    }

    private async Task ApplyAllAsync(IReadOnlyList<IRestoreTarget> targets, RestoreReport report, CancellationToken cancellation)
    {
        var applied = new Stack<IRestoreTarget>();
        try
        {
            foreach (var target in targets)
            {
                log.LogInformation("Restoring {Source}", target.Step.Source.Entry);
                applied.Push(target);
                cancellation.ThrowIfCancellationRequested();
                MayFail.At(Failpoint.BeforeTarget, cancellation);
                await target.ApplyAsync(cancellation);
                MayFail.At(Failpoint.AfterTarget, cancellation);
            }
            await CommitAsync(targets);
        }
        catch (Exception error)
        {
            await RollBackAsync(applied, report, error);
            throw;
        }
        finally
        {
            foreach (var target in targets)
                report.Warn(target.Notes.Select(note => $"'{target.Step.Source.Entry}': {note}"));
        }
    }

    /// <summary>
    /// From here on the restored state stays: it is committed before the first service can write to it. If that fails for one,
    /// all go back now: the next start of the program would put back that one under services that have been writing for days.
    /// </summary>
    private static async Task CommitAsync(IReadOnlyList<IRestoreTarget> targets)
    {
        foreach (var target in targets)
        {
            MayFail.At(Failpoint.BeforeCommit, CancellationToken.None);
            await target.CommitAsync();
            MayFail.At(Failpoint.AfterCommit, CancellationToken.None);
        }
    }

    // Also the one that failed, because it may have come half-way. The order is the reverse of how they were applied.
    private async Task RollBackAsync(Stack<IRestoreTarget> applied, RestoreReport report, Exception cause)
    {
        log.LogError("Restoring {Source} failed: {Error}", applied.Peek().Step.Source.Entry, cause.Message);
        report.Failed(applied.Peek().Step, cause.Message);
        foreach (var target in applied)
        {
            try
            {
                await target.RollBackAsync();
                report.Warn([$"'{target.Step.Source.Entry}': {target.AfterRollBack}."]);
            }
            catch (Exception error) when (RestoreRun.IsOfTheWorld(error))
            {
                report.Problem($"'{target.Step.Source.Entry}' could not be put back: {error.Message}");
            }
        }
    }
}
