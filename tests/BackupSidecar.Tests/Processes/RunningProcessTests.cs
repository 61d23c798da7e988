using System.Diagnostics;
using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Processes;

public sealed class RunningProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 30_000)]
    public async Task A_program_that_leaves_somebody_behind_with_its_pipes_has_ended_all_the_same()
    {
        var (result, output) = await RunningProcess.RunAsync(Shell("sleep 60 & echo said; echo complained >&2; echo $!"), Cancellation);

        var lines = output.Split('\n');
        Process.GetProcessById(int.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture)).Kill();
        Assert.Equal(("said", "complained", 0), (lines[0], result.LastWords, result.ExitCode));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_program_that_hangs_is_killed_when_its_time_is_over()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromMilliseconds(300));

        // The orphan has another parent by then, is not killed, and keeps the pipes.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => RunningProcess.RunAsync(Shell("(sleep 20 &); sleep 60; echo never"), limit.Token));
    }

    [Fact(Timeout = 30_000)]
    public async Task Of_what_is_complained_the_end_is_kept()
    {
        var (result, _) = await RunningProcess.RunAsync(Shell("seq 10000 >&2; exit 7"), Cancellation);

        Assert.Equal(7, result.ExitCode);
        Assert.EndsWith("9999\n10000", result.LastWords, StringComparison.Ordinal);
        Assert.InRange(result.LastWords.Length, 10_000, 16 * 1024);
    }

    private static Command Shell(string script) => new("/bin/sh", "-c", script);
}
