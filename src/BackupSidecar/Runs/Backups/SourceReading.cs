using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Services;
using BackupSidecar.Sources;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// The stop window's work: databases are dumped into staging, in parallel, while directories and files go into the archive.
/// When the last of them has been read the window closes, and only then do the dumps follow into the archive.
/// </summary>
internal sealed class SourceReading(ArchiveWriter archive, StopWindow window, int parallelism)
{
    /// <summary>For readers that have been told to end. One whose file system does not answer cannot be killed, and is left behind.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Reads the sources and returns their lines of the manifest, in the order given.</summary>
    /// <param name="sources">Those that passed the preflight.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<IReadOnlyList<ManifestSource>> ReadAsync(IReadOnlyList<IBackupSource> sources, CancellationToken cancellation)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var preparing = EndingOthersAsync(PrepareAsync(sources, failed.Token), failed);
        var direct = sources.Where(source => !source.IsStaged).ToList();
        var writing = EndingOthersAsync(OnItsOwnThread(() => WriteAll(direct, failed.Token)), failed);

        // Both have ended before the services are started, if ending them is possible at all.
        Task both = Task.WhenAll(preparing, writing);
        await both.WaitAsync(failed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await both.WaitAsync(Patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        await (writing.IsFaulted ? writing : (Task)preparing);
        var taken = await writing;
        var problems = await preparing;
        await window.CloseAsync();

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

    private static async Task<T> EndingOthersAsync<T>(Task<T> work, CancellationTokenSource others)
    {
        try
        {
            return await work;
        }
        catch
        {
            await others.CancelAsync();
            throw;
        }
    }

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
