using System.Diagnostics;
using BackupSidecar.Failpoints;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>Backups that are killed, or asked to end, at moments that nobody chose.</summary>
public sealed class RandomMomentTests(CephServer s3)
{
    private const int Lanes = 2;
    private const int Asked = 143;

    // On a machine that does other things besides, the limits of the promise would test the machine.
    private static readonly TimeSpan LongestWayToStart = TimeSpan.FromSeconds(LongRun.Of(8, 2));
    private static readonly TimeSpan LongestWayToEnd = TimeSpan.FromSeconds(LongRun.Of(20, 8));

    private static readonly Failpoint[] WhereItHangs =
    [
        Failpoint.LockTaken, Failpoint.PreflightDone, Failpoint.StopPlanned, Failpoint.StopJournalled, Failpoint.WindowOpen,
        Failpoint.DumpStarted, Failpoint.DumpMiddle, Failpoint.DumpEnded, Failpoint.TarMiddle, Failpoint.ArchiveWritten, Failpoint.SpoolSealed,
        Failpoint.S3UploadBegun, Failpoint.S3BeforePart, Failpoint.S3AfterPart, Failpoint.S3BeforeComplete, Failpoint.S3AfterComplete,
        Failpoint.S3BeforePut, Failpoint.S3AfterPut, Failpoint.BeforeManifest, Failpoint.AfterManifest, Failpoint.BeforeSweep,
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 2_400_000)]
    public async Task Whenever_a_backup_is_killed_the_next_one_puts_everything_right()
    {
        var watch = Stopwatch.StartNew();
        // Ten with a real engine are killed by KilledRunTests.
        var count = LongRun.Of(4, 300);

        var stacks = await SideBySide.RunAsync(Enumerable.Range(0, Lanes), lane => KillAllAsync(lane, count / Lanes));

        SideBySide.Tell("Kills at random moments", count, stacks, watch);
    }

    [Fact(Timeout = 2_400_000)]
    public async Task Whenever_a_backup_is_asked_to_end_it_starts_the_services_at_once_and_ends_soon()
    {
        var watch = Stopwatch.StartNew();
        var count = LongRun.Of(10, 100);

        var stacks = await SideBySide.RunAsync(Enumerable.Range(0, Lanes), lane => AskAllAsync(lane, count / Lanes));

        SideBySide.Tell($"SIGTERM at random moments ({Slowest(stacks)})", count, stacks, watch);
    }

    [Fact(Timeout = 2_400_000)]
    public async Task Wherever_a_backup_hangs_it_can_be_asked_to_end()
    {
        var watch = Stopwatch.StartNew();
        var points = LongRun.IsWanted ? WhereItHangs : [Failpoint.TarMiddle, Failpoint.S3BeforePart];

        var stacks = await SideBySide.RunAsync(points.Chunk((points.Length + 1) / Lanes), HangAllAsync);

        SideBySide.Tell($"SIGTERM where it hangs ({Slowest(stacks)})", points.Length, stacks, watch);
    }

    private async Task<BreakableStack> KillAllAsync(int lane, int count)
    {
        var random = LongRun.Random(lane);
        await using var stack = await MakeAsync(lane);
        var longest = await LengthOfARunAsync(stack);
        for (var kill = 0; kill < count; kill++)
        {
            var after = TimeSpan.FromMilliseconds(random.Next((int)longest.TotalMilliseconds));
            var order = $"kill {kill} after {after.TotalMilliseconds:0} ms";
            var before = stack.History.Count;
            using var process = stack.Start(null, "backup");
            // The moment is what the test is about, and nothing announces it.
            await Task.Delay(after, Cancellation);
            process.Kill();
            await stack.EndOfAsync(process);
            await stack.CheckStoredAsync($"{order}, killed");
            stack.LetTimePass();

            var next = await stack.RunAsync(null, "backup");

            stack.Note(next.ExitCode != 0, $"{order}: the next run ended with {next.ExitCode}: {next.Errors}");
            await stack.CheckAsync($"{order}, after the next run");
            var runs = stack.History.Skip(before).ToList();
            stack.Note(runs.Count is not (1 or 2) || runs[^1].Outcome != RunOutcome.Succeeded, $"{order}: the history says {string.Join(' ', runs.Select(run => run.Outcome))}");
        }
        await stack.VerifyAsync();
        return stack;
    }

    private async Task<BreakableStack> AskAllAsync(int lane, int count)
    {
        var random = LongRun.Random(Lanes + lane);
        await using var stack = await MakeAsync(lane);
        var longest = await LengthOfARunAsync(stack);
        for (var signal = 0; signal < count; signal++)
        {
            var after = TimeSpan.FromMilliseconds(random.Next((int)longest.TotalMilliseconds));
            var before = stack.History.Count;
            using var process = stack.Start(null, "backup");
            var began = Stopwatch.GetTimestamp();
            await Task.Delay(after, Cancellation);
            await AskAsync(stack, process, began, before, $"SIGTERM {signal} after {after.TotalMilliseconds:0} ms");
        }
        await stack.VerifyAsync();
        return stack;
    }

    private async Task<BreakableStack> HangAllAsync(IEnumerable<Failpoint> points)
    {
        await using var stack = await MakeAsync(0);
        Assert.Equal(0, (await stack.RunAsync(null, "backup")).ExitCode);
        foreach (var point in points)
        {
            var before = stack.History.Count;
            var began = Stopwatch.GetTimestamp();
            using var process = stack.Start($"Hang {point}", "backup");
            var isThere = false;
            while (!isThere && await process.StandardError.ReadLineAsync(Cancellation) is { } line)
                isThere = line == $"FAILPOINT {point}: Hang";
            stack.Note(!isThere, $"{point} was not reached");
            await AskAsync(stack, process, began, before, $"SIGTERM at {point}");
        }
        await stack.VerifyAsync();
        return stack;
    }

    private static async Task AskAsync(BreakableStack stack, Process process, long began, int before, string order)
    {
        var asked = Stopwatch.GetTimestamp();
        var stoodStill = stack.Engine.Standing.Count > 0 && stack.Engine.FirstStartSince(began) is null;
        var isAsked = !process.HasExited;
        if (isAsked)
            ForegroundProcess.Terminate(process.Id);
        var ended = await stack.EndOfAsync(process);
        var end = Stopwatch.GetElapsedTime(asked);

        stack.Note(end > LongestWayToEnd, $"{order}: ended {end.TotalSeconds:0.0} s later");
        var start = stack.Engine.FirstStartSince(began) is { } call ? Stopwatch.GetElapsedTime(asked, call) : (TimeSpan?)null;
        stack.NoteTimes(stoodStill ? start : null, end);
        stack.Note(stoodStill && !(start <= LongestWayToStart), $"{order}: services were started {start?.TotalSeconds:0.0} s later");
        await stack.CheckAsync(order);
        var runs = stack.History.Skip(before).Select(run => run.Outcome).ToList();
        // Asked before it could hear, it ends before it begins.
        var isTrue = runs.Count == 0 ? ended.ExitCode == Asked && !ended.Errors.Contains("Stopping", StringComparison.Ordinal)
            : runs.Count == 1 && (runs[0] == RunOutcome.Interrupted ? ended.ExitCode == Asked : (int)runs[0] == ended.ExitCode);
        stack.Note(!isTrue, $"{order}: ended with {ended.ExitCode}, and the history says {string.Join(' ', runs)}: {ended.Errors}");
    }

    private static string Slowest(IReadOnlyList<BreakableStack> stacks) =>
        $"at most {stacks.Max(stack => stack.Longest.ToStart).TotalSeconds:0.0} s to the first start, {stacks.Max(stack => stack.Longest.ToEnd).TotalSeconds:0.0} s to the end";

    private Task<BreakableStack> MakeAsync(int lane) => BreakableStack.MakeAsync(Places.All[lane * 3], s3);

    private static async Task<TimeSpan> LengthOfARunAsync(BreakableStack stack)
    {
        await stack.RunAsync(null, "backup");
        var watch = Stopwatch.StartNew();
        await stack.RunAsync(null, "backup");
        return watch.Elapsed;
    }
}
