using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Services;
using BackupSidecar.Sources;

namespace BackupSidecar.Runs;

/// <summary>
/// The stop window's work: databases are dumped into staging, in parallel, while directories and files go into the archive.
/// When the last of them has been read the window closes, and only then do the dumps follow into the archive.
/// </summary>
internal sealed class SourceReading(ArchiveWriter archive, StopWindow window, int parallelism)
{
    /// <summary>Reads the sources and returns their lines of the manifest, in the order given.</summary>
    /// <param name="sources">Those that passed the preflight.</param>
    /// <param name="onRead">Told the moment that every byte has been read, with what could not be started again.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<IReadOnlyList<ManifestSource>> ReadAsync(
        IReadOnlyList<IBackupSource> sources, Action<IReadOnlyList<string>> onRead, CancellationToken cancellation)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var preparing = PrepareAsync(sources, failed.Token);
        var direct = sources.Where(source => !source.IsStaged).ToList();
        var writing = OnItsOwnThread(() => WriteAll(direct, failed.Token));

        // The first to fail ends the other; both have ended before the services are started.
        Task first = await Task.WhenAny(preparing, writing);
        if (!first.IsCompletedSuccessfully)
            await failed.CancelAsync();
        await Task.WhenAll(preparing, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        onRead(await window.CloseAsync());

        await first;
        var taken = await writing;
        var problems = await preparing;
        var staged = sources.Where(source => source.IsStaged && !problems.ContainsKey(source)).ToList();
        var dumped = await OnItsOwnThread(() => WriteAll(staged, cancellation));

        return [.. sources.Select(source =>
            problems.TryGetValue(source, out var problem) ? Failed(source.Plan, problem)
            : taken.TryGetValue(source, out var written) ? written
            : dumped[source])];
    }

    /// <summary>The manifest's line for a source that is not in the archive.</summary>
    public static ManifestSource Failed(SourcePlan plan, string problem) => new()
    {
        Kind = plan.Kind,
        Entry = plan.EntryName,
        Origin = plan.Origin,
        State = SourceState.Failed,
        Problem = problem,
    };

    private async Task<Dictionary<IBackupSource, string>> PrepareAsync(IReadOnlyList<IBackupSource> sources, CancellationToken cancellation)
    {
        var problems = new Dictionary<IBackupSource, string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellation };
        await Parallel.ForEachAsync(sources.Where(source => source.IsStaged), options, async (source, token) =>
        {
            try
            {
                await source.PrepareAsync(token);
            }
            catch (SourceException failure)
            {
                lock (problems)
                    problems.Add(source, failure.Message);
            }
        });
        return problems;
    }

    private Dictionary<IBackupSource, ManifestSource> WriteAll(IReadOnlyList<IBackupSource> sources, CancellationToken cancellation) =>
        sources.ToDictionary(source => source, source => source.WriteTo(archive, cancellation));

    /// <summary>Reading and writing block their thread for as long as a backup takes: not one of the pool's.</summary>
    private static Task<T> OnItsOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
