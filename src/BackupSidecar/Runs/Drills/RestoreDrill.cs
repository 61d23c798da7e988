using System.Globalization;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Runs.Restores;
using BackupSidecar.Stores;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Drills;

/// <summary>
/// The third level of a verification: everything is restored beside what runs. Files go into a folder in staging, databases into
/// scratch servers of the running ones' images, one at a time; then it is counted, compared with the manifest, and removed.
/// </summary>
/// <remarks>It restores by the code that restores: the same planning, unpacking and engines. Only the places are others.</remarks>
internal sealed class RestoreDrill(
    Settings settings, BackupPlan current, DrillContainers containers, Func<DatabaseSourcePlan, string, ToolPlaces, IDatabaseEngine> engines,
    DrillEvidence evidence, IBackupStore? reportStore, Redactor redactor, TimeProvider time, ILogger log)
{
    private static readonly string[] ServerKinds = [SourceKind.Postgres, SourceKind.Mysql, SourceKind.Mongodb, SourceKind.Redis];

    public DrillSweep Sweep { get; } = new(settings.Paths, containers, log);

    /// <param name="runId">The run's ID.</param>
    /// <param name="archive">A copy whose content has been checked.</param>
    /// <param name="read">How long it took to read and to check its bytes.</param>
    /// <param name="cancellation">Ends the drill; all that it has made is removed first.</param>
    /// <exception cref="BackupRefusedException">It cannot be unpacked.</exception>
    /// <exception cref="RestoreException">There is no room for it, or an assertion does not fit it.</exception>
    public async Task<DrillReport> RunAsync(Guid runId, FetchedArchive archive, TimeSpan read, CancellationToken cancellation)
    {
        var manifest = archive.Manifest ?? throw new BackupRefusedException($"{archive.Name.FileName} has no manifest to compare with.");
        var startedAt = time.GetUtcNow();
        var contents = RestorePlanner.Contents(manifest);
        var assertions = DrillAssertions.For(settings.Drill, contents);
        var folder = Path.Combine(settings.Paths.Staging, $"{OwnNames.Drill}{runId.ToString("N", CultureInfo.InvariantCulture)}-{archive.Copy.Store}");
        Paths.MakePrivate(folder);
        try
        {
            var begun = time.GetTimestamp();
            var isTrusted = archive.Copy.Trust == ManifestTrust.Authentic || !settings.Archive.HasManifestKey;
            var notes = await UnpackAsync(archive, folder, isTrusted, cancellation);
            var unpack = time.GetElapsedTime(begun);
            MayFail.At(Failpoint.DrillUnpacked, cancellation);
            var isAuthentic = archive.Copy.Trust == ManifestTrust.Authentic;
            var drilled = await new DrilledServers(runId, current, containers, engines, folder, isAuthentic, assertions, time, log)
                .RunAsync([.. contents.Where(source => ServerKinds.Contains(source.Kind))], contents, cancellation);
            var files = new DrilledFiles(new Sqlite(), folder, assertions, time, log);
            foreach (var source in contents.Where(source => !ServerKinds.Contains(source.Kind)))
                drilled.Add(await files.CompareAsync(source, cancellation));
            var inOrder = contents.Select(source => drilled.First(each => each.Entry == source.Entry)).ToList();
            var report = Report(runId, archive, manifest, startedAt, Times(read, unpack, inOrder), inOrder, notes).Masked(redactor);
            await KeepAsync(report, cancellation);
            return report;
        }
        finally
        {
            await Sweep.TryRemoveAsync(folder);
        }
    }

    /// <summary>As <c>restore --to</c> does it.</summary>
    private async Task<IReadOnlyList<string>> UnpackAsync(FetchedArchive archive, string folder, bool isTrusted, CancellationToken cancellation)
    {
        var preparation = new RestorePreparation(settings.Archive, archive, isTrusted, log);
        var plan = await preparation.PlanAsync(current, new RestoreOptions { ToDirectory = folder }, cancellation);
        var targets = plan.Steps.Select((step, index) => new FolderTarget(step, folder, $"drill.{index.ToString(CultureInfo.InvariantCulture)}")).ToList();
        try
        {
            await RestorePreparation.CheckAsync(targets, cancellation);
            var notes = await preparation.UnpackAsync(targets, cancellation);
            foreach (var target in targets)
                await target.ApplyAsync(cancellation);
            return notes;
        }
        finally
        {
            foreach (var target in targets)
                await target.DisposeAsync();
        }
    }

    /// <summary>What was found out is true without its evidence, too.</summary>
    private async Task KeepAsync(DrillReport report, CancellationToken cancellation)
    {
        try
        {
            var (json, page) = evidence.Keep(report);
            log.LogInformation("The report of the drill is {Page}", evidence.PageOf(report));
            if (reportStore is null)
                return;
            var name = $"drill-{report.FinishedAt.ToString("yyyy-MM-dd-HHmmss", CultureInfo.InvariantCulture)}-of-{report.Archive}.{report.Store}";
            await reportStore.PutAsync(name + ".json", json, cancellation);
            await reportStore.PutAsync(name + ".html", page, cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or StoreException)
        {
            log.LogError("The report of the drill could not be kept: {Problem}", failure.Message);
        }
    }

    private static DrillTimes Times(TimeSpan read, TimeSpan unpack, List<DrilledSource> sources) => new(
        read.TotalSeconds, unpack.TotalSeconds, sources.Sum(source => source.StartSeconds ?? 0), sources.Sum(source => source.LoadSeconds ?? 0));

    private DrillReport Report(
        Guid runId, FetchedArchive archive, Manifest manifest, DateTimeOffset startedAt, DrillTimes times, List<DrilledSource> sources, IReadOnlyList<string> notes)
    {
        var bad = sources.Find(source => source.Outcome == DrillOutcome.Refused)
            ?? sources.Find(source => source.Outcome == DrillOutcome.Untrue) ?? sources.Find(source => source.Outcome == DrillOutcome.Unknown);
        var problems = sources.Where(source => bad is not null && source.Outcome == bad.Outcome).Select(source => $"'{source.Entry}': {source.Problem?.TrimEnd('.')}");
        return new DrillReport
        {
            MadeBy = ProgramVersion.Text,
            RunId = runId,
            BackupName = settings.Name,
            Archive = archive.Name.FileName,
            Store = archive.Copy.Store,
            BackedUpAt = manifest.StartedAt,
            StartedAt = startedAt,
            FinishedAt = time.GetUtcNow(),
            IsAuthenticated = archive.Copy.Trust == ManifestTrust.Authentic,
            Result = bad?.Outcome switch
            {
                DrillOutcome.Refused or DrillOutcome.Untrue => VerificationResult.Refused,
                DrillOutcome.Unknown => VerificationResult.Unread,
                _ => VerificationResult.Good,
            },
            // A failed source was not in the backup, and an incomplete one came back as what there is of it: both were told then.
            Level = sources.Exists(source => source.Outcome == DrillOutcome.NotRestored && IsInArchive(manifest, source)) ? VerificationLevel.Content : VerificationLevel.Restore,
            Problem = bad is null ? null : string.Join("; ", problems),
            ArchiveBytes = archive.Copy.Bytes,
            Times = times,
            Sources = sources,
            NotChecked =
            [
                "Whether the applications run with what was restored: only what was counted and asserted here is known of it.",
                .. notes,
            ],
        };
    }

    private static bool IsInArchive(Manifest manifest, DrilledSource source) =>
        manifest.Sources.Any(each => each.Entry == source.Entry && each.State != SourceState.Failed);
}
