using System.Text;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Backrest.Plans;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;

namespace BackupSidecar.Tests.Backrest;

/// <summary>Containers, plans and configurations for the tests of Backrest's plans.</summary>
internal static class PlanScene
{
    public const string Prefix = "backrest_sidecar_";

    public static PlanDefaults Defaults { get; } = new()
    {
        IdPrefix = Prefix,
        Schedule = "0 2 * * *",
        Retention = PlanRetention.Of(0, 0, 7, 4, 0, 0),
    };

    public static BackrestPlan Plan(string id = Prefix + "app", string repo = "main") => new()
    {
        Id = id,
        Repo = repo,
        Paths = ["/var/lib/docker/volumes/data/_data"],
        Cron = "0 2 * * *",
        Retention = PlanRetention.Of(0, 0, 7, 4, 0, 0),
    };

    public static PlannedContainer Container(string service, params (string Key, string Value)[] labels) => new()
    {
        Id = new string('a', 64),
        Name = $"shop-{service}-1",
        Project = "shop",
        Service = service,
        Mounts = [Volume("data", "/data")],
        Labels = BackrestLabels.Read(labels.ToDictionary(label => label.Key, label => label.Value)),
    };

    public static ContainerMount Volume(string name, string destination) => new()
    {
        Type = MountType.Volume,
        Name = name,
        Source = $"/var/lib/docker/volumes/{name}/_data",
        Destination = destination,
    };

    public static ContainerMount Bind(string source, string destination) => new() { Type = MountType.Bind, Source = source, Destination = destination };

    public static ConfigText Config(string json) => ConfigText.Parse(Encoding.UTF8.GetBytes(json), "config.json");

    public static MergeResult Merge(string json, IReadOnlyList<BackrestPlan> wanted, bool prune = false, string beginning = Prefix, params string[] living) =>
        ConfigMerge.Merge(Config(json), new PlanChanges
        {
            Wanted = wanted,
            IsOurs = (Defaults with { IdPrefix = beginning }).IsOurs,
            Living = wanted.Select(plan => plan.Id).Concat(living).ToHashSet(),
            Prune = prune,
            CountsUp = true,
        });

    public static string Text(byte[]? bytes) => Encoding.UTF8.GetString(bytes ?? []);

    public static bool IsOurs(string id) => id.StartsWith(Prefix, StringComparison.Ordinal);
}
