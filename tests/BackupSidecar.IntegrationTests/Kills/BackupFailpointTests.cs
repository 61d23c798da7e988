using System.Diagnostics;
using BackupSidecar.Failpoints;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>
/// Backups that die, or fail, at each point of their way. Whatever the point is: services run again, nothing half made counts,
/// earlier backups stay good, the next run needs nobody's help, and everyone is told one truth.
/// </summary>
public sealed class BackupFailpointTests(CephServer s3)
{
    private const int Killed = 137;
    private const int Lanes = 2;

    /// <summary>From here on the run has an end that is known.</summary>
    private static readonly Failpoint[] AfterTheEnd = [Failpoint.AfterHistory, Failpoint.AfterNotify, Failpoint.BeforeUnlock];

    /// <summary>Nothing stands there that could throw: the point is a moment between two things.</summary>
    private static readonly Failpoint[] ThrowsNothing = [Failpoint.AfterHistory, Failpoint.AfterNotify];

    private static readonly Failpoint[] Sample =
        [Failpoint.AfterStop, Failpoint.DumpMiddle, Failpoint.AfterLocalRename, Failpoint.S3AfterComplete, Failpoint.BeforeManifest, Failpoint.BeforeUnlock];

    /// <summary>Each of the two stores comes by once, so the third time is that of a copy that the server had missed.</summary>
    private static readonly Failpoint[] WhileMakingUp = [Failpoint.S3AfterPart, Failpoint.BeforeManifest];

    internal static IEnumerable<Failpoint> Points => Enum.GetValues<Failpoint>().Where(point => point < Failpoint.RestoreBegun);

    [Fact(Timeout = 2_400_000)]
    public async Task Wherever_a_backup_is_killed_the_next_one_puts_everything_right()
    {
        var watch = Stopwatch.StartNew();
        var cells = Cells(FailureKind.Kill).ToList();

        var stacks = await SideBySide.RunAsync(cells, lane => BreakAllAsync(lane.Places, lane.Orders));

        SideBySide.Tell("Kills at failpoints", cells.Sum(lane => lane.Orders.Count), stacks, watch);
    }

    [Fact(Timeout = 2_400_000)]
    public async Task Wherever_a_backup_fails_it_cleans_up_and_says_so()
    {
        var watch = Stopwatch.StartNew();
        var cells = Cells(FailureKind.Throw).ToList();

        var stacks = await SideBySide.RunAsync(cells, lane => BreakAllAsync(lane.Places, lane.Orders));

        SideBySide.Tell("Errors at failpoints", cells.Sum(lane => lane.Orders.Count), stacks, watch);
    }

    /// <summary>The short form: each point once, to both stores; of errors, a sample. The long form: to each combination, and the second time as well.</summary>
    private static IEnumerable<(Places Places, IReadOnlyList<(FailureKind, Failpoint, int)> Orders)> Cells(FailureKind kind)
    {
        foreach (var places in LongRun.IsWanted ? Places.All : [.. Places.All.Take(1)])
        {
            var points = kind == FailureKind.Kill ? Points : LongRun.IsWanted ? Points.Except(ThrowsNothing) : Sample;
            var orders = points.Where(point => BreakableStack.IsOnTheWay(point, places)).Select(point => (kind, point, 1)).Concat(LongRun.IsWanted ? SecondTimes(places).Select(point => (kind, point, 2)) : [])
                .Concat(kind == FailureKind.Kill && places is { Local: true, S3: true } ? WhileMakingUp.Select(point => (kind, point, 3)) : []).ToList();
            for (var lane = 0; lane < Lanes; lane++)
                yield return (places, [.. orders.Where((_, index) => index % Lanes == lane)]);
        }
    }

    private static IEnumerable<Failpoint> SecondTimes(Places places) => new[]
    {
        Failpoint.BeforeStop, Failpoint.AfterStop, Failpoint.TarMiddle, Failpoint.EncryptMiddle, Failpoint.BeforeStart, Failpoint.AfterStart,
        Failpoint.BeforeLocalRename, Failpoint.AfterLocalRename, Failpoint.S3BeforePart, Failpoint.S3AfterPart,
    }.Where(point => BreakableStack.IsOnTheWay(point, places)).Concat(places is { Local: true, S3: true } ? [Failpoint.BeforeManifest, Failpoint.AfterManifest, Failpoint.PruneBeforeArchive] : []);

    private async Task<BreakableStack> BreakAllAsync(Places places, IReadOnlyList<(FailureKind Kind, Failpoint Point, int Time)> orders)
    {
        await using var stack = await BreakableStack.MakeAsync(places, s3);
        // Retention keeps three: the next run has something to remove.
        for (var i = 0; i < 3; i++)
            Assert.Equal(0, (await stack.RunAsync(null, "backup")).ExitCode);
        stack.Told();
        foreach (var (kind, point, time) in orders)
            await BreakAsync(stack, kind, point, time);
        await stack.VerifyAsync();
        return stack;
    }

    private static async Task BreakAsync(BreakableStack stack, FailureKind kind, Failpoint point, int time)
    {
        var order = $"{kind} {point} {time}";
        var missed = BreakableStack.IsMakingUp(point, time) ? await stack.MissAsync() : null;
        var before = stack.History.Count;
        var stored = (await stack.CompleteAsync()).ToHashSet();

        var ended = await stack.RunAsync(order, "backup");

        stack.Note(!ended.Errors.Contains($"FAILPOINT {point}: {kind}", StringComparison.Ordinal), $"{order}: was not reached (exit code {ended.ExitCode}): {ended.Errors}");
        if (kind == FailureKind.Kill)
        {
            stack.Note(ended.ExitCode != Killed, $"{order}: ended with {ended.ExitCode}");
            await stack.CheckStoredAsync($"{order}, killed");
            stack.LetTimePass();
        }
        else
        {
            await CheckTruthAsync(stack, order, point, ended, before, stored);
        }
        await CheckNextAsync(stack, order, kind, point, before);
        stack.Note(missed is not null && !(await stack.CompleteAsync()).Contains((StoreName.S3, missed)), $"{order}: {missed} was not made up for");
    }

    /// <summary>A run that failed: exit code, history and news say the same, and that is what lies in the stores.</summary>
    private static async Task CheckTruthAsync(
        BreakableStack stack, string order, Failpoint point, Ended ended, int before, HashSet<(string, string)> storedBefore)
    {
        await stack.CheckAsync($"{order}, after it", mayStop: BreakableStack.MayStop(point));
        var told = stack.Told();
        var stored = (await stack.CompleteAsync()).Except(storedBefore).Count();
        RunOutcome[] expected = stored >= stack.Stores ? [RunOutcome.Succeeded, RunOutcome.Partial] : stored > 0 ? [RunOutcome.Partial] : [RunOutcome.Failed];
        var news = ended.ExitCode == (int)RunOutcome.Succeeded ? "/ok" : "/fail";
        stack.Note(!expected.Contains((RunOutcome)ended.ExitCode), $"{order}: ended with {ended.ExitCode}, and is stored in {stored} of {stack.Stores}: {ended.Errors}");
        stack.Note(!told.SequenceEqual([news]), $"{order}: ended with {ended.ExitCode}, and told {string.Join(' ', told)}");
        if (point == Failpoint.BeforeHistory)
            return;
        var runs = stack.History.Skip(before).ToList();
        stack.Note(runs is not [var run] || (int)run.Outcome != ended.ExitCode, $"{order}: ended with {ended.ExitCode}, and the history says {string.Join(' ', runs.Select(each => each.Outcome))}");
    }

    private static async Task CheckNextAsync(BreakableStack stack, string order, FailureKind kind, Failpoint point, int before)
    {
        var next = await stack.RunAsync(null, "backup");

        stack.Note(next.ExitCode != 0, $"{order}: the next run ended with {next.ExitCode}: {next.Errors}");
        await stack.CheckAsync($"{order}, after the next run");
        if (kind != FailureKind.Kill)
        {
            stack.Told();
            return;
        }
        var isKnown = AfterTheEnd.Contains(point);
        RunOutcome[] outcomes = [isKnown ? RunOutcome.Succeeded : RunOutcome.Interrupted, RunOutcome.Succeeded];
        var runs = stack.History.Skip(before).Select(report => report.Outcome).ToList();
        stack.Note(!runs.SequenceEqual(outcomes), $"{order}: the history says {string.Join(' ', runs)}");
        // Who dies right after telling cannot know it: then it is told twice, and both times the same.
        var told = stack.Told();
        var isTold = isKnown ? told.Count is 2 or 3 && told.All(news => news == "/ok") : told.SequenceEqual(["/fail", "/ok"]);
        stack.Note(!isTold, $"{order}: told {string.Join(' ', told)}");
    }
}
