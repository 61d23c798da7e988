using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Sources;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Sources;

public sealed class OwnFoldersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_store_that_is_mounted_beside_the_project_is_left_out_of_the_project()
    {
        _folder.Shell("mkdir -p proj/backups mounted other; mount --bind proj/backups mounted");

        Assert.Equal([_folder["proj", "backups"]], Excluded("proj", "mounted"));
        Assert.Empty(Excluded("other", "mounted"));
    }

    [Fact]
    public void A_store_behind_a_symbolic_link_is_left_out()
    {
        _folder.Shell("mkdir -p real/backups; ln -s real linked");

        Assert.Equal([_folder["linked", "backups"]], Excluded("linked", "real/backups"));
        Assert.Equal([_folder["real", "backups"]], Excluded("real", "linked/backups"));
    }

    [Fact]
    public void A_directory_that_is_the_store_under_another_name_is_refused()
    {
        _folder.Shell("mkdir -p backups mounted; mount --bind backups mounted");

        var fault = Assert.Single(LeaveOut("backups", "mounted").Faults);
        Assert.Equal("BACKUP_DIRS", fault.Setting);
        Assert.Contains(_folder["backups"], fault.Problem, StringComparison.Ordinal);
    }

    private IReadOnlyList<string> Excluded(string directory, string store)
    {
        var (plan, faults) = LeaveOut(directory, store);
        Assert.Empty(faults);
        return ((DirectorySourcePlan)plan.Sources.Single()).Excluded;
    }

    private (BackupPlan Plan, IReadOnlyList<ConfigurationFault> Faults) LeaveOut(string directory, string store)
    {
        var plan = new BackupPlan { Name = "shop", Sources = [new DirectorySourcePlan("data", _folder[directory])], ArchiveExtension = ".tar.gz" };
        return OwnFolders.LeaveOut(plan, SettingsWith(_folder[store]), MountTable.OfThisProcess());
    }

    private static Settings SettingsWith(string store) => new()
    {
        Name = "shop",
        TimeZone = TimeZoneInfo.Utc,
        Sources = new SourceSettings(),
        Services = new ServiceSettings(),
        Archive = new ArchiveSettings(),
        Retention = new RetentionSettings(),
        Hooks = new HookSettings(),
        Notifications = new NotificationSettings(),
        Paths = new PathSettings { State = "/nowhere/state", Staging = "/nowhere/staging" },
        Log = new LogSettings(),
        Local = new LocalStoreSettings(store),
    };
}
