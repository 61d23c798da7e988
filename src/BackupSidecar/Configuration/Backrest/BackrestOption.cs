namespace BackupSidecar.Configuration.Backrest;

/// <summary>The verbs of <c>backrest</c> that an option belongs to.</summary>
[Flags]
internal enum BackrestVerbs
{
    None = 0,
    Reconcile = 1,
    Daemon = 2,
    BackupOnce = 4,
    Both = Reconcile | Daemon,
    All = Both | BackupOnce,
}

/// <summary>One row of the table of options: what command line, environment, help and docs know of it.</summary>
/// <param name="Name">With its two dashes.</param>
/// <param name="Verbs">Where it may stand.</param>
/// <param name="Default">What holds if nobody says anything; null for nothing.</param>
/// <param name="Help">One line.</param>
internal sealed record BackrestOption(string Name, BackrestVerbs Verbs, string? Default, string Help)
{
    /// <summary>The variable that is asked where the command line says nothing, or null.</summary>
    public string? Variable { get; init; }

    /// <summary>Whether it may stand alone, and then says "true".</summary>
    public bool IsFlag { get; init; }

    /// <summary>Whether it may be given several times.</summary>
    public bool IsList { get; init; }
}

/// <summary>Every option, in the order of the help.</summary>
internal static class BackrestOptions
{
    private static readonly List<BackrestOption> Rows = [];

    public static readonly BackrestOption Config = Add(new("--config", BackrestVerbs.All, "./backrest.config.json", "Backrest's config.json.") { Variable = "BACKREST_CONFIG" });

    public static readonly BackrestOption Apply = Add(new("--apply", BackrestVerbs.Both, "false", "Make changes known to Backrest: by a restart of its container (alone, or =restart), or =api, by its own API instead of the file.") { IsFlag = true });

    public static readonly BackrestOption Container = Add(new("--backrest-container", BackrestVerbs.Both, "backrest", "Backrest's container, by name or id, or its Compose service."));

    public static readonly BackrestOption DryRun = Add(new("--dry-run", BackrestVerbs.Both, "false", "Tell what would change, and change nothing.") { IsFlag = true });

    public static readonly BackrestOption Prune = Add(new("--prune", BackrestVerbs.Both, "false", "Remove plans of ours whose container is gone. Backrest then forgets no snapshots of them any more.") { IsFlag = true });

    public static readonly BackrestOption DockerSocket = Add(new("--docker-sock", BackrestVerbs.All, "/var/run/docker.sock", "The Docker engine: a socket, unix:// or tcp://.") { Variable = "DOCKER_HOST" });

    public static readonly BackrestOption DockerRoot = Add(new("--docker-root", BackrestVerbs.All, "/var/lib/docker", "The engine's own folder on the host."));

    public static readonly BackrestOption VolumePrefix = Add(new("--volume-prefix", BackrestVerbs.Both, "/var/lib/docker/volumes", "Where Backrest sees the folder of the volumes.") { Variable = "BACKREST_VOLUME_PREFIX" });

    public static readonly BackrestOption DefaultRepo = Add(new("--default-repo", BackrestVerbs.Both, null, "Repository of plans whose label names none. Not given: plans keep the one they have; a new one gets that of the first plan of yours, else the first repository.") { Variable = "BACKREST_DEFAULT_REPO" });

    public static readonly BackrestOption DefaultSchedule = Add(new("--default-schedule", BackrestVerbs.Both, "0 2 * * *", "Schedule of plans whose label names none; T as the minute spreads plans over the hour."));

    public static readonly BackrestOption DefaultRetention = Add(new("--default-retention", BackrestVerbs.Both, "daily=7,weekly=4", "Retention of plans whose label names none; empty keeps everything.") { Variable = "BACKREST_DEFAULT_RETENTION" });

    public static readonly BackrestOption PlanIdPrefix = Add(new("--plan-id-prefix", BackrestVerbs.Both, "backrest_sidecar_", "What the names of our plans begin with: only plans with it are ever changed or removed.") { Variable = "BACKREST_PLAN_ID_PREFIX" });

    public static readonly BackrestOption IncludeProjectName = Add(new("--include-project-name", BackrestVerbs.All, "false", "Name plans by project and service, not by service alone.") { IsFlag = true });

    public static readonly BackrestOption ExcludeBindMounts = Add(new("--exclude-bind-mounts", BackrestVerbs.All, "false", "Leave folders of the host out where no label lists paths.") { IsFlag = true });

    public static readonly BackrestOption RestartTimeout = Add(new("--restart-timeout", BackrestVerbs.Both, "15s", "How long Backrest gets to stop before it is killed."));

    public static readonly BackrestOption RestartWait = Add(new("--restart-wait", BackrestVerbs.Both, "1h", "How long what Backrest is doing is waited for before a restart."));

    public static readonly BackrestOption Url = Add(new("--backrest-url", BackrestVerbs.Both, "http://backrest:9898", "Backrest's address, for --apply=api.") { Variable = "BACKREST_URL" });

    public static readonly BackrestOption User = Add(new("--backrest-user", BackrestVerbs.Both, "admin", "Who logs in there; the password stands in BACKREST_PASSWORD or in the file that BACKREST_PASSWORD_FILE names.") { Variable = "BACKREST_USER" });

    public static readonly BackrestOption Interval = Add(new("--interval", BackrestVerbs.Daemon, "60s", "How often to look."));

    public static readonly BackrestOption WithEvents = Add(new("--with-events", BackrestVerbs.Daemon, "false", "Look as well whenever a container comes, goes or changes.") { IsFlag = true });

    public static readonly BackrestOption Image = Add(new("--rcb-image", BackrestVerbs.BackupOnce, "zettaio/restic-compose-backup:0.7.1", "Image that makes the backup."));

    public static readonly BackrestOption EnvFile = Add(new("--rcb-env-file", BackrestVerbs.BackupOnce, null, "File with its variables, one NAME=value per line, such as RESTIC_REPOSITORY and RESTIC_PASSWORD."));

    public static readonly BackrestOption Volume = Add(new("--rcb-volume", BackrestVerbs.BackupOnce, null, "A folder of the host or a volume for it, as SOURCE:PATH, such as one with the repository; may be given several times.") { IsList = true });

    public static readonly BackrestOption Command = Add(new("--rcb-command", BackrestVerbs.BackupOnce, "rcb,backup", "What runs in it, words separated by commas."));

    public static readonly BackrestOption Argument = Add(new("--rcb-arg", BackrestVerbs.BackupOnce, null, "A further argument of it; may be given several times.") { IsList = true });

    public static readonly BackrestOption QuiesceLabel = Add(new("--quiesce-label", BackrestVerbs.BackupOnce, "backrest.quiesce=true", "Running containers with this label stand still meanwhile."));

    public static readonly BackrestOption QuiesceTimeout = Add(new("--quiesce-timeout", BackrestVerbs.BackupOnce, "60s", "How long each gets to stop before it is killed."));

    public static readonly BackrestOption GroupBy = Add(new("--restic-group-by", BackrestVerbs.BackupOnce, "paths", "What restic groups snapshots by when it forgets."));

    public static readonly BackrestOption PathPrefix = Add(new("--restic-path-prefix", BackrestVerbs.BackupOnce, "/volumes", "What the paths in its snapshots begin with."));

    public static readonly BackrestOption LogFormat = Add(new("--log-format", BackrestVerbs.All, "json", "json or text."));

    public static readonly BackrestOption LogLevel = Add(new("--log-level", BackrestVerbs.All, "info", "debug, info, warn or error."));

    public static IReadOnlyList<BackrestOption> All => Rows;

    public static IEnumerable<BackrestOption> Of(BackrestVerbs verb) => Rows.Where(row => (row.Verbs & verb) != BackrestVerbs.None);

    private static BackrestOption Add(BackrestOption row)
    {
        Rows.Add(row);
        return row;
    }
}
