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

    [Theory(Timeout = 30_000)]
    [InlineData("kill -KILL $$", "it, or the container that it ran in, was killed (exit code 137, SIGKILL), often because memory ran out")]
    [InlineData("echo half done >&2; exit 137", "it, or the container that it ran in, was killed (exit code 137, SIGKILL), often because memory ran out; before that: half done")]
    [InlineData("exit 3", "exit code 3, without a word")]
    [InlineData("echo no >&2; exit 3", "no")]
    public async Task How_a_program_ended_is_told_in_words(string script, string expected)
    {
        var (result, _) = await RunningProcess.RunAsync(Shell(script), Cancellation);

        Assert.Equal(expected, result.Ending);
    }

    private static Command Shell(string script) => new("/bin/sh", "-c", script);
}
