using BackupSidecar.Discovery;
using BackupSidecar.Docker;

namespace BackupSidecar.Tests.Discovery;

/// <summary>Containers with labels, as Docker lists them.</summary>
internal static class Labelled
{
    public static LabelPolicy Policy { get; } = new()
    {
        Stores = new HashSet<string> { "local", "s3" },
        ScheduleProblem = text => BackupSidecar.Scheduling.CronSchedule.TryParse(text, TimeZoneInfo.Utc, out _, out var fault) ? null : fault!.Problem,
    };

    /// <summary>The least that has a database backed up.</summary>
    public static Dictionary<string, string> Enough(string type = "postgres", string? conn = "postgres://app:hunter22@db:5432/shop") =>
        new string?[][] { ["backup.enabled", "true"], ["backup.type", type], ["backup.cron", "0 3 * * *"], ["backup.conn", conn] }
            .Where(pair => pair[1] is not null)
            .ToDictionary(pair => pair[0]!, pair => pair[1]!);

    public static Dictionary<string, string> With(this Dictionary<string, string> labels, string name, string value) => new(labels) { [name] = value };

    public static Dictionary<string, string> Without(this Dictionary<string, string> labels, string name) => labels.Where(label => label.Key != name).ToDictionary();

    public static LabelReading Read(this Dictionary<string, string> labels, LabelPolicy? policy = null) =>
        LabelBackupDialect.Read(new LabelledContainer { Id = "1", Name = "shop-db-1", Labels = labels, Hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "db", "shop-db-1" } }, policy ?? Policy);

    /// <summary>The database, of which nothing is wrong.</summary>
    public static LabelledDatabase Database(this Dictionary<string, string> labels)
    {
        var reading = labels.Read();
        Assert.Empty(reading.Problems);
        return Assert.IsType<LabelledDatabase>(reading.Database);
    }

    /// <summary>The only thing that is wrong.</summary>
    public static string Problem(this Dictionary<string, string> labels)
    {
        var reading = labels.Read();
        Assert.Null(reading.Database);
        return Assert.Single(reading.Problems);
    }

    public static ContainerSummary Container(
        string name, Dictionary<string, string> labels, string? project = null, string state = "running", long created = 1, string? service = null, int number = 1)
    {
        var all = new Dictionary<string, string>(labels);
        if (project is not null)
        {
            all[ComposeLabels.Project] = project;
            all[ComposeLabels.Service] = service ?? name;
            all[ComposeLabels.Number] = $"{number}";
        }
        return new ContainerSummary { Id = $"id of {name}, {created}", Names = ["/" + name], Labels = all, State = state, Created = created };
    }
}
