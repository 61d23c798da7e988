using System.Diagnostics;
using BackupSidecar.Failpoints;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>
/// Restores that die, or fail, at each point of their way. When the program has started again, each place is what it was or what
/// the backup holds, never a mixture; services run; and the next restore needs nobody's help.
/// </summary>
public sealed class RestoreFailpointTests(CephServer s3)
{
    /// <summary>From here on the restore has an end that is known.</summary>
    private static readonly Failpoint[] AfterTheEnd = [Failpoint.RestoreAfterHistory, Failpoint.BeforeUnlock];

    /// <summary>Nothing stands there that could throw: the point is a moment between two things.</summary>
    private static readonly Failpoint[] ThrowsNothing = [Failpoint.RestoreServicesStarted, Failpoint.RestoreAfterHistory];

    private static readonly Failpoint[] Sample = [Failpoint.SwapNewIn, Failpoint.AfterTarget, Failpoint.BeforeUnlock];

    /// <summary>A restore comes by some points of a backup as well. That of databases has a test of its own, with a real server.</summary>
    internal static IEnumerable<Failpoint> Points => Enum.GetValues<Failpoint>()
        .Where(point => point is >= Failpoint.RestoreBegun and < Failpoint.DrillUnpacked && point != Failpoint.DatabaseRestored)
        .Concat([Failpoint.StopPlanned, Failpoint.StopJournalled, Failpoint.BeforeStop, Failpoint.AfterStop, Failpoint.BeforeStart, Failpoint.AfterStart, Failpoint.BeforeUnlock]);

    [Fact(Timeout = 2_400_000)]
    public async Task Wherever_a_restore_is_killed_each_place_is_old_or_new_after_the_next_start()
    {
        var watch = Stopwatch.StartNew();
        var lanes = Lanes(Points, FailureKind.Kill).ToList();

        var stacks = await SideBySide.RunAsync(lanes, lane => BreakAllAsync(lane.Places, lane.Orders));

        SideBySide.Tell("Restores killed at failpoints", lanes.Sum(lane => lane.Orders.Count), stacks, watch);
    }

    [Fact(Timeout = 2_400_000)]
    public async Task Wherever_a_restore_fails_each_place_is_old_or_new_and_stays_so()
    {
        var watch = Stopwatch.StartNew();
        var lanes = Lanes(LongRun.IsWanted ? Points.Except(ThrowsNothing) : Sample, FailureKind.Throw).ToList();

        var stacks = await SideBySide.RunAsync(lanes, lane => BreakAllAsync(lane.Places, lane.Orders));

        SideBySide.Tell("Restores that failed at failpoints", lanes.Sum(lane => lane.Orders.Count), stacks, watch);
    }

    private static IEnumerable<(Places Places, IReadOnlyList<(FailureKind, Failpoint, int)> Orders)> Lanes(IEnumerable<Failpoint> points, FailureKind kind)
    {
        Failpoint[] often = [Failpoint.BeforeTarget, Failpoint.SwapOldAside, Failpoint.SwapListed, Failpoint.SwapNewIn, Failpoint.AfterTarget, Failpoint.BeforeCommit, Failpoint.AfterCommit, Failpoint.BeforeDiscard];
        var orders = points.Select(point => (kind, point, 1))
            .Concat(LongRun.IsWanted ? often.SelectMany(point => new[] { (kind, point, 2), (kind, point, 3) }) : [(kind, Failpoint.BeforeCommit, 2)])
            .ToList();
        return (LongRun.IsWanted ? Places.All : [Places.All[^2]]).SelectMany(places => new[] { 0, 1 }
            .Select(lane => (places, (IReadOnlyList<(FailureKind, Failpoint, int)>)[.. orders.Where((_, index) => index % 2 == lane)])));
    }

    private async Task<BreakableStack> BreakAllAsync(Places places, IReadOnlyList<(FailureKind Kind, Failpoint Point, int Time)> orders)
    {
        await using var stack = await BreakableStack.MakeAsync(places, s3);
        Assert.Equal(0, (await stack.RunAsync(null, "backup")).ExitCode);
        Assert.Equal(0, (await RestoreAsync(stack, null)).ExitCode);
        var saved = stack.SourcesNow();
        foreach (var (kind, point, time) in orders)
            await BreakAsync(stack, saved, kind, point, time);
        return stack;
    }

    private static async Task BreakAsync(BreakableStack stack, IReadOnlyDictionary<string, string> saved, FailureKind kind, Failpoint point, int time)
    {
        var order = $"restore, {kind} {point} {time}";
        await stack.WriteSourcesAsync("current");
        var current = stack.SourcesNow();
        var before = stack.History.Count;

        var ended = await RestoreAsync(stack, $"{kind} {point} {time}");

        stack.Note(!ended.Errors.Contains($"FAILPOINT {point}: {kind}", StringComparison.Ordinal), $"{order}: was not reached (exit code {ended.ExitCode}): {ended.Errors}");
        var left = stack.SourcesNow();
        if (kind == FailureKind.Throw)
        {
            await stack.CheckAsync($"{order}, after it", mayLeaveThings: true, BreakableStack.MayStop(point));
            CheckPlaces(stack, $"{order}, after it", left, saved, current);
            var isRestored = saved.All(place => IsSame(left[place.Key], place.Value));
            stack.Note(ended.ExitCode == 0 && !isRestored, $"{order}: ended with 0, but not all is restored");
        }
        stack.LetTimePass();
        await StartAgainAsync(stack);
        var now = stack.SourcesNow();
        await stack.CheckAsync($"{order}, after the next start");
        CheckPlaces(stack, $"{order}, after the next start", now, saved, current);
        foreach (var place in now.Where(place => kind == FailureKind.Throw && !IsSame(place.Value, left[place.Key])))
            stack.Note(true, $"{order}: {place.Key} changed at the next start, when services had long been running");
        var runs = stack.History.Skip(before).Select(report => report.Outcome).ToList();
        var expected = kind == FailureKind.Throw ? (RunOutcome)ended.ExitCode : AfterTheEnd.Contains(point) ? RunOutcome.Succeeded : RunOutcome.Interrupted;
        stack.Note(!runs.SequenceEqual([expected]) && !(kind == FailureKind.Throw && point == Failpoint.RestoreBeforeHistory), $"{order}: the history says {string.Join(' ', runs)}");

        var next = await RestoreAsync(stack, null);
        stack.Note(next.ExitCode != 0, $"{order}: the next restore ended with {next.ExitCode}: {next.Errors}");
        stack.Note(saved.Any(place => stack.SourcesNow()[place.Key] != place.Value), $"{order}: the next restore did not bring back all");
        await stack.CheckAsync($"{order}, after the next restore");
    }

    private static void CheckPlaces(
        BreakableStack stack, string when, IReadOnlyDictionary<string, string> now, IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> current)
    {
        foreach (var (place, content) in now)
            stack.Note(!IsSame(content, saved[place]) && !IsSame(content, current[place]), $"{when}: {place} is neither old nor new: {content}");
    }

    /// <summary>Apart from what a restore keeps beside until it is removed.</summary>
    private static bool IsSame(string one, string other) => WithoutOurs(one).SequenceEqual(WithoutOurs(other));

    private static IEnumerable<string> WithoutOurs(string listing) => listing.Split('\n').Where(line => !line.Contains("/.backup-sidecar-", StringComparison.Ordinal));

    private static Task<Ended> RestoreAsync(BreakableStack stack, string? orders) => stack.RunAsync(orders, "restore", "latest", "--yes");

    /// <summary>What happens when the container starts again.</summary>
    private static async Task StartAgainAsync(BreakableStack stack)
    {
        using var daemon = stack.Start(null, "run");
        while (await daemon.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("backups are made by hand", StringComparison.Ordinal))
        {
            // It first puts right what it finds.
        }
        ForegroundProcess.Terminate(daemon.Id);
        await stack.EndOfAsync(daemon);
    }
}
