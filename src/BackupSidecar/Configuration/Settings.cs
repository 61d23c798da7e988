namespace BackupSidecar.Configuration;

/// <summary>Everything that the operator said, parsed and checked. One record per concern.</summary>
internal sealed record Settings
{
    /// <summary>BACKUP_NAME: the folder and the file prefix of the backups. Only letters, digits, '.', '_' and '-'.</summary>
    public required string Name { get; init; }

    /// <summary>BACKUP_SCHEDULE as written, or null for manual mode. Parsed by Scheduling.</summary>
    public string? Schedule { get; init; }

    /// <summary>BACKUP_SCHEDULE_SPREAD: runs are later than the schedule by a part of this, which the name decides.</summary>
    public TimeSpan ScheduleSpread { get; init; }

    /// <summary>BACKUP_CATCH_UP: whether a run that was missed while the program was down is made up for, once.</summary>
    public bool CatchUp { get; init; } = true;

    /// <summary>TZ: names of archives, the schedule and the days of retention follow it.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>BACKUP_TIMEOUT: the longest that one run may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    public required SourceSettings Sources { get; init; }

    public DumpSettings Dumps { get; init; } = new();

    /// <summary>Databases that ask by labels to be backed up; null where labels are not read.</summary>
    public LabelSettings? Labels { get; init; }

    public required ServiceSettings Services { get; init; }

    public required ArchiveSettings Archive { get; init; }

    /// <summary>The local store, or null where none is set.</summary>
    public LocalStoreSettings? Local { get; init; }

    /// <summary>The S3 store, or null where none is set.</summary>
    public S3StoreSettings? S3 { get; init; }

    /// <summary>BACKUP_VERIFY_AFTER: how a copy is checked right after its upload, before it counts.</summary>
    public VerifyAfter VerifyAfter { get; init; } = VerifyAfter.Auto;

    public required RetentionSettings Retention { get; init; }

    public VerificationSettings Verification { get; init; } = new();

    public AnomalySettings Anomalies { get; init; } = new();

    public DrillSettings Drill { get; init; } = new();

    public required HookSettings Hooks { get; init; }

    public required NotificationSettings Notifications { get; init; }

    /// <summary>Where questions are answered over HTTP, or null where they are not.</summary>
    public HttpSettings? Http { get; init; }

    public required PathSettings Paths { get; init; }

    public required LogSettings Log { get; init; }
}

/// <summary>What is backed up. URIs are secrets as a whole, because they hold passwords.</summary>
internal sealed record SourceSettings
{
    public IReadOnlyList<DatabaseUri> Postgres { get; init; } = [];

    public IReadOnlyList<DatabaseUri> Mysql { get; init; } = [];

    public IReadOnlyList<DatabaseUri> Mongodb { get; init; } = [];

    public IReadOnlyList<DatabaseUri> Redis { get; init; } = [];

    public IReadOnlyList<NamedPath> Sqlite { get; init; } = [];

    public IReadOnlyList<NamedPath> Directories { get; init; } = [];

    public IReadOnlyList<NamedPath> Files { get; init; } = [];
}

/// <summary>An absolute path and the name that it has in the archive ("/path:name"; the name defaults to the last part).</summary>
internal readonly record struct NamedPath(string Path, string Name)
{
    /// <summary>Whether the operator chose the name, rather than the path.</summary>
    public bool IsNamed { get; init; }
}

/// <summary>How databases are dumped.</summary>
internal sealed record DumpSettings
{
    public DumpVia Via { get; init; } = DumpVia.Auto;

    /// <summary>BACKUP_DUMP_PARALLELISM: dumps that are made at the same time; defaults to the cores.</summary>
    public int Parallelism { get; init; } = System.Environment.ProcessorCount;

    /// <summary>BACKUP_DUMP_TIMEOUT: the longest that one dump may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>BACKUP_STAGING_LIMIT: the most bytes that dumps may take in staging; null for what its file system has.</summary>
    public long? StagingLimit { get; init; }
}

/// <summary>Which services stand still while the sources are read, and how they are found.</summary>
internal sealed record ServiceSettings
{
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Who names them, for messages: a setting, or a label.</summary>
    public string StopOrigin { get; init; } = "BACKUP_STOP_SERVICES";

    /// <summary>Whether only containers are named, of whatever Compose project, and no services.</summary>
    public bool StopsContainersOnly { get; init; }

    /// <summary>BACKUP_STOP_WAIT: time between the last stop and the first byte read.</summary>
    public TimeSpan StopWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>BACKUP_START_WAIT: time after the last start.</summary>
    public TimeSpan StartWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>BACKUP_STOP_TIMEOUT: how long a service gets to stop by itself before the engine kills it.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What gives them longer, for messages: a setting, or an option.</summary>
    public string StopTimeoutOrigin { get; init; } = "BACKUP_STOP_TIMEOUT";

    /// <summary>COMPOSE_PROJECT_NAME, or null: then the project of our own container.</summary>
    public string? ComposeProject { get; init; }

    /// <summary>DOCKER_HOST: unix:///path, tcp://host:port or http(s)://…</summary>
    public Uri DockerHost { get; init; } = new("unix:///var/run/docker.sock");
}

/// <summary>How archives are compressed.</summary>
internal enum Compression
{
    Gzip,
    Zstd,
    None,
}

/// <summary>What compression weighs more: speed or size. Any reader opens what any level wrote.</summary>
internal enum CompressionLevel
{
    Fast,
    Balanced,
    Small,
}

/// <summary>How the archive is made.</summary>
internal sealed record ArchiveSettings
{
    public Compression Compression { get; init; } = Compression.Gzip;

    public CompressionLevel CompressionLevel { get; init; } = CompressionLevel.Fast;

    /// <summary>BACKUP_COMPRESSION_THREADS: workers that compress; defaults to the cores.</summary>
    public int CompressionThreads { get; init; } = System.Environment.ProcessorCount;

    /// <summary>BACKUP_ENCRYPTION_KEY: the passphrase, or null.</summary>
    public Secret? EncryptionKey { get; init; }

    /// <summary>BACKUP_ENCRYPTION_RECIPIENTS_FILE: a file with OpenPGP public keys, or null.</summary>
    public string? RecipientsFile { get; init; }

    /// <summary>BACKUP_OLD_ENCRYPTION_KEY: passphrases of earlier backups. What these "old" keys of three kinds made is read, and nothing is made with them.</summary>
    public IReadOnlyList<Secret> OldEncryptionKeys { get; init; } = [];

    /// <summary>BACKUP_DECRYPTION_KEY: the OpenPGP secret key (armoured) that opens what was encrypted for recipients; null on hosts that only write.</summary>
    public Secret? DecryptionKey { get; init; }

    /// <summary>BACKUP_OLD_DECRYPTION_KEY: OpenPGP secret keys that open earlier backups.</summary>
    public IReadOnlyList<Secret> OldDecryptionKeys { get; init; } = [];

    /// <summary>BACKUP_SIGNING_KEY: what the manifest is authenticated with where no passphrase is used.</summary>
    public Secret? SigningKey { get; init; }

    /// <summary>BACKUP_OLD_SIGNING_KEY: what manifests of earlier backups are authenticated with.</summary>
    public IReadOnlyList<Secret> OldSigningKeys { get; init; } = [];

    /// <summary>All passphrases, the current one first.</summary>
    public IReadOnlyList<Secret> Passphrases => [.. new[] { EncryptionKey }.OfType<Secret>(), .. OldEncryptionKeys];

    /// <summary>All OpenPGP secret keys, the current one first.</summary>
    public IReadOnlyList<Secret> SecretKeys => [.. new[] { DecryptionKey }.OfType<Secret>(), .. OldDecryptionKeys];

    /// <summary>All signing keys, the current one first.</summary>
    public IReadOnlyList<Secret> SigningKeys => [.. new[] { SigningKey }.OfType<Secret>(), .. OldSigningKeys];

    /// <summary>Whether new manifests are authenticated: without a key nobody can vouch for anything.</summary>
    public bool HasManifestKey => EncryptionKey is not null || SigningKey is not null;

    public bool IsEncrypted => EncryptionKey is not null || RecipientsFile is not null;
}

/// <summary>What may be forgotten. What any rule keeps is kept; 0 switches a rule off.</summary>
internal sealed record RetentionSettings
{
    /// <summary>BACKUP_RETENTION_DAYS.</summary>
    public int Days { get; init; }

    /// <summary>How long a backup is kept to the second, where that is not said in days: of labelled databases; null: no such rule.</summary>
    public TimeSpan? Age { get; init; }

    public int Recent { get; init; }

    public int Daily { get; init; }

    public int Weekly { get; init; }

    public int Monthly { get; init; }

    public int Yearly { get; init; }

    /// <summary>BACKUP_RETENTION_MIN: the newest good backups that nothing removes; at least 1.</summary>
    public int Minimum { get; init; } = 3;

    /// <summary>BACKUP_RETENTION_MAX_DELETIONS: a run that would remove more removes nothing and says so.</summary>
    public int MaximumDeletions { get; init; } = 10;
}

/// <summary>The operator's own steps around a run.</summary>
internal sealed record HookSettings
{
    /// <summary>BACKUP_HOOKS_DIR; null for no scripts.</summary>
    public string? Directory { get; init; } = "/hooks";

    public string? PreCommand { get; init; }

    public string? PostCommand { get; init; }

    /// <summary>BACKUP_HOOK_TIMEOUT: for each script or command.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>Who is told. The URLs are secrets: whoever knows one can report success.</summary>
internal sealed record NotificationSettings
{
    public Secret? SuccessWebhook { get; init; }

    public Secret? FailureWebhook { get; init; }

    public Secret? HealthchecksUrl { get; init; }

    public WebhookSettings Webhook { get; init; } = new();
}

/// <summary>Where this program keeps what is its own.</summary>
internal sealed record PathSettings
{
    public string State { get; init; } = "/var/lib/backup-sidecar";

    public string Staging { get; init; } = "/backups";
}

/// <summary>The form of a line of the log.</summary>
internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>How the log is written, and how much of it.</summary>
internal sealed record LogSettings(LogFormat Format = LogFormat.Text, bool Debug = false);
