using System.Collections.Concurrent;
using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Scheduling.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Labels;

/// <summary>
/// A Compose project of its own name whose containers carry labels, and the jobs that follow it, every one due at each second.
/// Nothing but events tells of changes: the next look without one would come in an hour.
/// </summary>
internal sealed class LabelledStack : IAsyncDisposable
{
    /// <summary>Names the stack that a container is to go with.</summary>
    private const string Mark = "backup-sidecar-test";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _ends = new();
    private readonly DockerEngine _engine = new(new Uri("unix:///var/run/docker.sock"), TimeProvider.System);
    private readonly JobSlots _slots = new(20, NullLogger.Instance);
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("labels-");
    private readonly ConcurrentQueue<LabelledDatabase> _runs = new();
    private readonly ConcurrentDictionary<string, int> _going = new();
    private readonly LabelledJobs _jobs;
    private volatile TaskCompletionSource? _hold;
    private readonly Task _following;

    public LabelledStack()
    {
        _jobs = new LabelledJobs(new JobMeans
        {
            Run = RunAsync,
            Slots = _slots,
            Ledger = new JobLedger(_state.FullName, NullLogger.Instance),
            ComingUp = TimeSpan.Zero,
            Time = TimeProvider.System,
            Log = NullLogger.Instance,
            Ends = _ends.Token,
        });
        _following = FollowAsync();
    }

    public string Project { get; } = $"labels-test-{Guid.NewGuid():N}";

    /// <summary>Whether two runs of one job were ever going on together.</summary>
    public bool HasOverlapped { get; private set; }

    public IReadOnlyList<string> Jobs => [.. _jobs.All.Select(job => job.Identity[(Project.Length + 1)..])];

    public string Name(string service, int number = 1) => $"{Project}-{service}-{number}";

    /// <summary>Starts a container with labels and returns its id.</summary>
    /// <param name="service">Its service.</param>
    /// <param name="number">Which one of the service.</param>
    /// <param name="name">Its name; null for the one that Compose would give.</param>
    /// <param name="project">Its project; null for this one.</param>
    public Task<string> UpAsync(string service, int number = 1, string? name = null, string? project = null) => DockerCli.RunAsync(
        "run", "--detach", "--name", name ?? Name(service, number),
        "--label", $"com.docker.compose.project={project ?? Project}", "--label", $"{Mark}={Project}", "--label", $"com.docker.compose.service={service}", "--label", $"com.docker.compose.container-number={number}",
        "--label", "backup.enabled=true", "--label", "backup.type=redis", "--label", "backup.cron=@every 1s", "--label", $"backup.prefix={service}-{number}",
        "debian:bookworm-slim", "sleep", "infinity");

    /// <summary>Waits until exactly these jobs exist: "service/number".</summary>
    public Task UntilJobsAsync(params string[] jobs) => UntilAsync(() => Jobs.SequenceEqual(jobs), () => $"The jobs are {string.Join(", ", Jobs)}.");

    /// <summary>Waits for another run, of a container of that name.</summary>
    public Task UntilNextRunAsync(string name, string? id = null)
    {
        _runs.Clear();
        return UntilAsync(() => _runs.Any(run => run.ContainerName == name && (id is null || run.ContainerId == id)), () => $"{name} is not backed up.");
    }

    /// <summary>Lets no run that begins from now on come to its end. Returns what ends them.</summary>
    public TaskCompletionSource Hold() => _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits until a container is seen in a state.</summary>
    public Task UntilStateAsync(string name, string state) => UntilAsync(
        () => _jobs.All.Any(job => job.Container is { } seen && seen.Container.Name == name && seen.Summary.State == state), () => $"{name} was not seen as {state}.");

    /// <summary>The containers that are backed up from now on, for a while.</summary>
    public async Task<IReadOnlyList<string>> RunsOfAsync(TimeSpan time)
    {
        // What has begun by now may come to its end.
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        _runs.Clear();
        await Task.Delay(time, TestContext.Current.CancellationToken);
        return [.. _runs.Select(run => run.ContainerName).Distinct()];
    }

    public async ValueTask DisposeAsync()
    {
        _hold?.TrySetResult();
        await _ends.CancelAsync();
        await _following;
        await _jobs.DisposeAsync();
        var mine = await _engine.ListContainersAsync(new Dictionary<string, string> { [Mark] = Project }, CancellationToken.None);
        foreach (var container in mine)
            await RunningProcess.RunAsync(new Command("docker", "rm", "--force", container.Id), CancellationToken.None);
        _engine.Dispose();
        _slots.Dispose();
        _ends.Dispose();
        _state.Delete(recursive: true);
    }

    private static async Task UntilAsync(Func<bool> isTrue, Func<string> otherwise)
    {
        var end = DateTime.UtcNow + Patience;
        while (!isTrue())
        {
            Assert.True(DateTime.UtcNow < end, otherwise());
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task FollowAsync()
    {
        var policy = new LabelPolicy { Stores = new HashSet<string> { "local" } };
        var survey = new LabelSurvey(LabelScope.Project, Project, null, policy);
        await foreach (var containers in new ContainerWatch(_engine, TimeSpan.FromHours(1), TimeProvider.System, NullLogger.Instance).FollowAsync(_ends.Token))
            _jobs.Follow(survey.Of(containers), new JobRules(TimeZoneInfo.Utc));
    }

    private async Task<bool> RunAsync(LabelledDatabase database, CancellationToken ends)
    {
        HasOverlapped |= _going.AddOrUpdate(database.Identity, 1, (_, going) => going + 1) > 1;
        var held = _hold?.Task ?? Task.CompletedTask;
        _runs.Enqueue(database);
        await Task.Delay(TimeSpan.FromMilliseconds(300), CancellationToken.None);
        await held;
        _going.AddOrUpdate(database.Identity, 0, (_, going) => going - 1);
        return true;
    }
}
