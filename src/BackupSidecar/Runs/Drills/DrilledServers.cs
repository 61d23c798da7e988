using System.Net;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Scratch;
using BackupSidecar.Docker;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Drills;

/// <summary>
/// Restores dumps into scratch servers: one server for all databases of a running one, one after the other, what belongs to the
/// server as a whole first. The running servers are only looked up.
/// </summary>
internal sealed class DrilledServers(
    Guid runId, BackupPlan current, DrillContainers containers, Func<DatabaseSourcePlan, string, ToolPlaces, IDatabaseEngine> engines,
    string folder, bool isAuthentic, IReadOnlyList<DrillAssertion> assertions, TimeProvider time, ILogger log)
{
    private const string NotVouchedFor = "no key vouches for its dump, which is text, and a restore gives no such text to a client";

    private static readonly string[] WordsOfAFullDisk = ["No space left on device", "disk full", "The table is full", "Errcode: 28"];

    /// <param name="databases">What to restore.</param>
    /// <param name="contents">All that the archive holds: it tells which of the configured ones a source is.</param>
    /// <param name="cancellation">Ends the drill.</param>
    public async Task<List<DrilledSource>> RunAsync(
        IReadOnlyList<ArchivedSource> databases, IReadOnlyList<ArchivedSource> contents, CancellationToken cancellation)
    {
        var drilled = new List<DrilledSource>();
        var wanted = new List<(ArchivedSource Source, DatabaseSourcePlan Plan, ContainerDetails Running)>();
        var match = new SourceMatch(contents, current);
        var plans = match.Make();
        foreach (var source in databases)
        {
            if (source.Manifest?.State == SourceState.Failed)
            {
                drilled.Add(DrilledFiles.Begin(source.Manifest));
                continue;
            }
            var plan = plans.GetValueOrDefault(source) as DatabaseSourcePlan;
            var (running, whyNot) = plan is null ? (null, match.WhyNone(source))
                : !isAuthentic && IsText(source) ? (null, NotVouchedFor)
                : await containers.FindAsync(plan, cancellation);
            if (plan is not null && running is not null)
                wanted.Add((source, plan, running));
            else
                drilled.Add(NotRestored(source, whyNot));
        }
        foreach (var server in wanted.GroupBy(each => each.Running.Id))
            drilled.AddRange(await DrillAsync([.. server.OrderBy(each => each.Source.IsGlobals ? 0 : 1)], cancellation));
        return drilled;
    }

    private async Task<IReadOnlyList<DrilledSource>> DrillAsync(
        IReadOnlyList<(ArchivedSource Source, DatabaseSourcePlan Plan, ContainerDetails Running)> databases, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        var drilled = new List<DrilledSource>();
        ScratchServer? server = null;
        try
        {
            var scratch = server = await containers.StartAsync(KindOf(databases[0].Source.Kind), databases[0].Running, runId, cancellation);
            MayFail.At(Failpoint.DrillContainerMade, cancellation);
            foreach (var (source, plan, running) in databases)
            {
                var uri = await scratch.WhenReadyAsync(plan.Uri, (uri, token) => AskAsync(scratch, source, plan, uri, token), cancellation);
                var start = drilled.Count == 0 ? time.GetElapsedTime(begun).TotalSeconds : (double?)null;
                drilled.Add(await RestoreAsync(scratch, source, plan, uri, Begin(source, running, scratch) with { StartSeconds = start }, cancellation));
            }
            MayFail.At(Failpoint.DrillBeforeRemoval, cancellation);
        }
        catch (DockerException error) when (error.Status is HttpStatusCode.Forbidden)
        {
            drilled.AddRange(databases.Skip(drilled.Count).Select(each => NotRestored(each.Source, $"Docker does not let us make a scratch server: {error.Message}")));
        }
        catch (Exception error) when (error is DockerException or DatabaseException or ProcessFailedException or IOException)
        {
            drilled.AddRange(databases.Skip(drilled.Count).Select(each => Begin(each.Source, each.Running, server) with { Outcome = DrillOutcome.Unknown, Problem = error.Message }));
        }
        finally
        {
            await RemoveAsync(server);
        }
        return drilled;
    }

    /// <summary>The server is ready when the engine says that it can be restored into. MongoDB's tools can only be asked by a dump.</summary>
    private async Task AskAsync(ScratchServer server, ArchivedSource source, DatabaseSourcePlan plan, Secret uri, CancellationToken cancellation)
    {
        var engine = Engine(server, plan, uri);
        await engine.CheckRestoreAsync(Wanted(source, []), cancellation);
        if (source.Kind == SourceKind.Mongodb)
            await engine.CountAsync(cancellation);
    }

    private async Task<DrilledSource> RestoreAsync(
        ScratchServer server, ArchivedSource source, DatabaseSourcePlan plan, Secret uri, DrilledSource drilled, CancellationToken cancellation)
    {
        log.LogInformation("Restoring {Source} into the scratch server", source.Entry);
        var engine = Engine(server, plan, uri);
        var notices = new List<string>();
        var begun = time.GetTimestamp();
        try
        {
            var dump = Path.Combine(folder, source.Entry);
            await using (var stream = File.OpenRead(dump))
                await engine.RestoreAsync(stream, Wanted(source, notices), cancellation);
            File.Delete(dump);
            drilled = drilled with { LoadSeconds = time.GetElapsedTime(begun).TotalSeconds, Remarks = [.. drilled.Remarks, .. notices.Select(notice => notice.TrimEnd('.'))] };
            MayFail.At(Failpoint.DrillLoaded, cancellation);
        }
        catch (DatabaseException error)
        {
            return await FailedAsync(server, drilled, $"the server did not take the dump: {error.Message}", isVerdict: true);
        }
        try
        {
            begun = time.GetTimestamp();
            var found = await engine.CountAsync(cancellation);
            var expected = source.Manifest!.Counts; // The contents are those of a manifest.
            var comparison = source.IsGlobals
                ? CountComparison.AtLeast(expected.Where(count => count.Key == "roles").ToDictionary(), found)
                : CountComparison.Of(expected, found);
            drilled = DrilledFiles.Judge(drilled, comparison) with { CountSeconds = time.GetElapsedTime(begun).TotalSeconds };
        }
        catch (DatabaseException error)
        {
            return await FailedAsync(server, drilled, $"what was restored cannot be counted: {error.Message}", isVerdict: false);
        }
        return engine is ISqlEngine sql
            ? await DrilledFiles.AssertAsync(drilled, [.. assertions.Where(each => each.Source == source)], sql.FirstColumnAsync, time, log, cancellation)
            : drilled;
    }

    /// <summary>A server that has died, or whose disk is full, says nothing of the dump.</summary>
    private static async Task<DrilledSource> FailedAsync(ScratchServer server, DrilledSource drilled, string problem, bool isVerdict)
    {
        var ended = await server.WhyEndedAsync();
        var isFull = WordsOfAFullDisk.Any(words => problem.Contains(words, StringComparison.OrdinalIgnoreCase));
        return drilled with
        {
            Outcome = isVerdict && ended is null && !isFull ? DrillOutcome.Refused : DrillOutcome.Unknown,
            Problem = ended is null ? problem : $"the scratch server did not hold out: {ended} ({problem})",
        };
    }

    private IDatabaseEngine Engine(ScratchServer server, DatabaseSourcePlan plan, Secret uri) =>
        engines(plan with { Uri = uri, Options = plan.Options with { Via = DumpVia.Exec } }, folder, server.Places);

    private DumpRestore Wanted(ArchivedSource source, List<string> notices) => new()
    {
        IsTrusted = isAuthentic,
        Tool = source.Manifest?.Tool,
        IsIntoScratch = true,
        Notice = notices.Add,
    };

    private async Task RemoveAsync(ScratchServer? server)
    {
        try
        {
            if (server is not null)
                await server.DisposeAsync();
        }
        catch (Exception error) when (error is DockerException or OperationCanceledException)
        {
            log.LogWarning("The scratch server could not be removed, and the next start of this program will try again: {Problem}", error.Message);
        }
    }

    private static bool IsText(ArchivedSource source) => source.Kind == SourceKind.Mysql || source.IsGlobals;

    private static DrilledSource Begin(ArchivedSource source, ContainerDetails running, ScratchServer? server) =>
        DrilledFiles.Begin(source.Manifest!) with
        {
            Image = running.Config?.Image,
            ImageDigest = running.Image,
            Remarks = server is { LeftOut.Count: > 0 } ? [$"the scratch server did not get {string.Join(", ", server.LeftOut)}"] : [],
        };

    private DrilledSource NotRestored(ArchivedSource source, string reason)
    {
        var left = assertions.Count(each => each.Source == source);
        return DrilledFiles.Begin(source.Manifest!) with
        {
            Outcome = DrillOutcome.NotRestored,
            Problem = reason,
            Remarks = left == 0 ? [] : [$"{left} assertion{(left == 1 ? "" : "s")} about it could not be run"],
        };
    }

    private static ScratchKind KindOf(string kind) => kind switch
    {
        SourceKind.Postgres => ScratchKinds.Postgres,
        SourceKind.Mysql => ScratchKinds.Mysql,
        SourceKind.Redis => ScratchKinds.Redis,
        SourceKind.Mongodb => ScratchKinds.Mongodb,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such server."),
    };
}
