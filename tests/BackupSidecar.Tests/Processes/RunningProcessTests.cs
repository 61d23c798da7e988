using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Processes;

public sealed class RunningProcessTests
{
    private const int TimeLimit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = TimeLimit)]
    public async Task What_a_program_leaves_in_the_background_is_not_waited_for()
    {
        var (result, output) = await RunningProcess.RunAsync(
            new Command("/bin/sh", "-c", "echo out; echo err >&2; sleep 60 & exit 3"), Cancellation);

        Assert.Equal((3, "err", "out\n"), (result.ExitCode, result.LastWords, output));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Of_a_flood_the_beginning_of_the_output_and_the_end_of_the_errors_are_kept()
    {
        var (result, output) = await RunningProcess.RunAsync(
            new Command("/bin/sh", "-c", "yes out | head -c 20000000; yes err | head -c 20000000 >&2; echo last >&2"), Cancellation);

        Assert.Equal(1024 * 1024, output.Length);
        Assert.EndsWith("\nlast", result.LastWords, StringComparison.Ordinal);
        Assert.InRange(result.LastWords.Length, 1, 16 * 1024);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_program_that_is_given_up_is_killed()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var process = RunningProcess.Start(new Command("/bin/sh", "-c", "echo ready; exec sleep 60"));
        _ = await process.StandardOutput.ReadAsync(new byte[1], Cancellation);

        var ended = process.WaitAsync(limit.Token);
        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ended);
    }
}
