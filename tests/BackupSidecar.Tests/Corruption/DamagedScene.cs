using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Restore;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Corruption;

/// <summary>A restore scene with a service that would have to be stopped: a backup that is refused stops nothing and changes nothing.</summary>
internal sealed class DamagedScene : IAsyncDisposable
{
    private const string Describe = "find data -printf '%p %i %n %m %s %T@\\n' | sort; sha256sum data/*";

    private readonly FakeDockerDaemon _daemon = new();
    private string _target = "";

    public DamagedScene(ArchiveSettings archive)
    {
        _daemon.Add("shop-app-1", "shop", "app");
        Restores.AddDirectory("data");
        Restores.Folder.Shell("seq 1000 > data/a; head -c 30000 /dev/urandom > data/b");
        Restores.Settings = Restores.Settings with
        {
            Archive = archive,
            Services = new ServiceSettings { Stop = ["app"], ComposeProject = "shop", DockerHost = _daemon.Host, StopWait = TimeSpan.Zero, StartWait = TimeSpan.Zero },
        };
    }

    public static ArchiveSettings Signing => new() { CompressionThreads = 2, SigningKey = new Secret("a signing key of this test") };

    public RestoreScene Restores { get; } = new();

    /// <summary>From here on the target is something else than what was backed up, and must stay that.</summary>
    public void ChangeTarget()
    {
        Restores.Folder.Shell("seq 2000 > data/a");
        _target = Restores.Folder.Shell(Describe);
    }

    /// <summary>Verifies and restores what a store has under this name; neither may use it.</summary>
    public async Task AssertRefusedAsync(ArchiveName name, string store = "local", bool allowUnverified = false, VerificationLevel level = VerificationLevel.Stored)
    {
        if (!allowUnverified)
        {
            var (verified, found) = await Restores.VerifyAsync(new VerifyOptions { Backup = name.Timestamp, Store = store, Level = level });
            Assert.Equal(RunOutcome.Refused, verified.Outcome);
            Assert.All(found, copy => Assert.Equal(VerificationResult.Refused, copy.Copy.Result));
        }
        await AssertNotRestoredAsync(name, store, allowUnverified);
    }

    public async Task AssertNotRestoredAsync(ArchiveName name, string store = "local", bool allowUnverified = false)
    {
        var report = await Restores.RestoreAsync(new RestoreOptions { Backup = name.Timestamp, Store = store, AllowUnverified = allowUnverified });

        Assert.Contains(report.Outcome, (RunOutcome[])[RunOutcome.Refused, RunOutcome.Failed]);
        Assert.Equal(_target, Restores.Folder.Shell(Describe));
        Assert.Empty(_daemon.Changes);
        Assert.Empty(Restores.Leftovers());
        Assert.Empty(Restores.Folder.Shell("ls -A staging"));
    }

    /// <summary>The same road gives a good backup back, and stops and starts the service: else the tests would prove nothing.</summary>
    public async Task AssertRestoredAsync(ArchiveName name)
    {
        await Restores.RestoredAsync(new RestoreOptions { Backup = name.Timestamp });
        Assert.Equal(["stop app-1", "start app-1"], _daemon.Changes.Select(change => change.Replace("shop-", "", StringComparison.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        Restores.Dispose();
    }
}
