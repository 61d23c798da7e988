using BackupSidecar.Configuration;
using BackupSidecar.Services;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Services;

/// <summary>A fake engine, a state directory, a clock and a log: what a stop window needs around it.</summary>
public abstract class StopWindowFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("stop-window-");

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected FakeDockerDaemon Daemon { get; } = new();

    private protected SkippingClock Clock { get; } = new();

    private protected RecordingLog Log { get; } = new();

    private protected string StateDirectory => _state.FullName;

    private protected string JournalPath => Path.Combine(StateDirectory, StopJournal.FileName);

    private protected StopJournal Journal => new(StateDirectory, Clock, Log);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        _state.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected ServiceSettings Settings(params string[] stop) => new()
    {
        Stop = stop,
        ComposeProject = "shop",
        DockerHost = Daemon.Host,
        StopTimeout = TimeSpan.FromSeconds(10),
    };

    private protected Task<StopWindow> PrepareAsync(params string[] stop) =>
        StopWindow.PrepareAsync(Settings(stop), StateDirectory, Clock, Log, Cancellation);

    /// <summary>The names of what it started.</summary>
    private protected async Task<IReadOnlyList<string>> ReconcileAsync() =>
        [.. (await StopWindow.ReconcileAsync(Settings(), StateDirectory, Clock, Log, Cancellation)).Started.Select(service => service.Name)];
}
