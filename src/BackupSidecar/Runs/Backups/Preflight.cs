using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// The look at everything before anything is touched: which sources can be read, which stores take a write, which services
/// there are to stop. What fails here costs no one a second of downtime.
/// </summary>
internal sealed record Preflight
{
    public required IReadOnlyList<IBackupSource> Readable { get; init; }

    /// <summary>Sources that cannot be read, each with the reason.</summary>
    public required IReadOnlyDictionary<SourcePlan, string> UnreadableBecause { get; init; }

    public required IReadOnlyList<IBackupStore> Writable { get; init; }

    /// <summary>Stores that cannot be written to, each with the reason.</summary>
    public required IReadOnlyDictionary<IBackupStore, string> UnwritableBecause { get; init; }

    /// <summary>The window, not opened yet; null if <see cref="ServicesProblem"/> says why it cannot be.</summary>
    public required StopWindow? Window { get; init; }

    public required string? ServicesProblem { get; init; }

    /// <summary>Why no archive can be made (a key is of no use, gpg is missing where it is needed), or null.</summary>
    public required string? ArchiveProblem { get; init; }

    /// <summary>Whether nothing at all is wrong.</summary>
    public bool IsClean =>
        UnreadableBecause.Count == 0 && UnwritableBecause.Count == 0 && ServicesProblem is null && ArchiveProblem is null;

    /// <summary>Whether a run can produce anything, as the operator wants it.</summary>
    public bool CanRun => Readable.Count > 0 && Writable.Count > 0 && Window is not null && ArchiveProblem is null;

    public static async Task<Preflight> LookAsync(
        IReadOnlyList<IBackupSource> sources, IReadOnlyList<IBackupStore> stores, Settings settings, TimeProvider time, ILogger log,
        CancellationToken cancellation)
    {
        var sourceProblems = Task.WhenAll(sources.Select(source => ProblemAsync(() => source.CheckAsync(cancellation))));
        var storeProblems = Task.WhenAll(stores.Select(store => ProblemAsync(() => store.ProbeAsync(cancellation))));
        StopWindow? window = null;
        var servicesProblem = await ProblemAsync(async () =>
            window = await StopWindow.PrepareAsync(settings.Services, settings.Paths.State, time, log, cancellation));
        var archiveProblem = await ProblemAsync(() => Task.Run(() => MakeEmptyArchive(settings.Archive), cancellation));
        var ofSources = sources.Zip(await sourceProblems).ToList();
        if (window is not null)
        {
            var stopped = new StoppedDatabases(settings.Services, window, time);
            ofSources = [.. await Task.WhenAll(ofSources.Select(async each => (each.First, await stopped.ProblemAsync(each.First.Plan, cancellation) ?? each.Second)))];
        }
        var ofStores = stores.Zip(await storeProblems).ToList();
        return new Preflight
        {
            Readable = [.. ofSources.Where(each => each.Second is null).Select(each => each.First)],
            UnreadableBecause = ofSources.Where(each => each.Second is not null).ToDictionary(each => each.First.Plan, each => each.Second!),
            Writable = [.. ofStores.Where(each => each.Second is null).Select(each => each.First)],
            UnwritableBecause = ofStores.Where(each => each.Second is not null).ToDictionary(each => each.First, each => each.Second!),
            Window = window,
            ServicesProblem = servicesProblem,
            ArchiveProblem = archiveProblem,
        };
    }

    /// <summary>
    /// Makes an archive of nothing, nowhere, with the real libraries, tools and public keys. A passphrase needs no tool, and the
    /// long way from it to a key is not gone twice.
    /// </summary>
    private static void MakeEmptyArchive(ArchiveSettings settings)
    {
        using var archive = ArchiveWriter.Create(settings with { EncryptionKey = null }, Stream.Null);
        archive.Complete();
    }

    private static async Task<string?> ProblemAsync(Func<Task> look)
    {
        try
        {
            await look();
            return null;
        }
        catch (Exception failure) when (failure is SourceException or StoreException or ServiceException
            or ConfigurationException or ProcessFailedException or DllNotFoundException)
        {
            return failure.Message;
        }
    }
}
