using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Commands;

/// <summary>Containers of a fake engine that ask by labels for the backup of a database, in a year's time.</summary>
internal static class LabelledContainer
{
    public static FakeContainer Add(FakeDockerDaemon engine, string name, string type, string connection, params string[] labels)
    {
        var container = engine.Add(name);
        string[] all = ["backup.enabled=true", $"backup.type={type}", $"backup.conn={connection}", "backup.cron=0 0 1 1 *", .. labels];
        foreach (var label in all)
            container.Labels[label.Split('=')[0]] = label[(label.IndexOf('=') + 1)..];
        return container;
    }
}
