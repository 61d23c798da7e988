using static BackupSidecar.Configuration.SettingKind;

namespace BackupSidecar.Configuration;

/// <summary>
/// Every setting, one row each, in the order in which the docs show them. Whatever else knows a setting's name, kind,
/// default or help has it from here.
/// </summary>
internal static class SettingTable
{
    private const string General = "Backup";
    private const string WhatSection = "What is backed up";
    private const string DumpSection = "How databases are dumped";
    private const string ServicesSection = "Services that stand still meanwhile";
    private const string EncryptionSection = "Archive and encryption";
    private const string LocalSection = "Where it goes: a local folder";
    private const string S3Section = "Where it goes: S3";
    private const string VerificationSection = "Verification";
    private const string RetentionSection = "How long it is kept";
    private const string DrillSection = "Restore drills";
    private const string ToldSection = "Who is told";
    private const string HooksSection = "Hooks";
    private const string ProgramSection = "The program itself";
    private const long Day = 86_400;
    private const string UnlessCounts = "if any of the five counts is set, else 0";

    private static readonly List<Setting> Rows = [];

    public static readonly Setting Name = Add(new(General, "BACKUP_NAME", Text,
        "Name of the backup: its folder in every store and the prefix of its archives. Required.")
    { Example = "my-stack", IsSetInExample = true });

    public static readonly Setting Schedule = Add(new(General, "BACKUP_SCHEDULE", Text,
        "When to run, as a cron line of 5 or 6 fields or @daily and the like. Not set: only by hand.")
    { Example = "0 3 * * *", IsSetInExample = true });

    public static readonly Setting ScheduleSpread = Add(new(General, "BACKUP_SCHEDULE_SPREAD", Duration,
        "Spreads many sidecars with one schedule: each runs later by a time below this, which its BACKUP_NAME decides and which never changes. 0: on time.")
    { Default = "0", Example = "30m", Maximum = Day });

    public static readonly Setting TimeZone = Add(new(General, "TZ", Text,
        "Time zone of the schedule, of archive names and of the days of retention.")
    { Default = "UTC", Example = "Europe/Berlin" });

    public static readonly Setting Timeout = Add(new(General, "BACKUP_TIMEOUT", Duration,
        "The longest that one run may take; 0 for no limit.")
    { Default = "0", Example = "6h", Maximum = 30 * Day });

    public static readonly Setting CatchUp = Add(new(General, "BACKUP_CATCH_UP", Flag,
        "Whether one scheduled run that was missed while the container was down is made up for at its start.")
    { Default = "true" });

    public static readonly Setting Postgres = Add(new(WhatSection, "BACKUP_POSTGRES", DatabaseUris,
        "PostgreSQL databases, as connection URIs; with /* as database all of the server's. Passwords are percent-encoded.")
    { Example = "postgresql://user:password@db:5432/shop" });

    public static readonly Setting Mysql = Add(new(WhatSection, "BACKUP_MYSQL", DatabaseUris,
        "MySQL and MariaDB databases, as connection URIs. Without a database in the path, all of them.")
    { Example = "mysql://user:password@db:3306/shop" });

    public static readonly Setting Mongodb = Add(new(WhatSection, "BACKUP_MONGODB", DatabaseUris,
        "MongoDB databases, as connection URIs. Without a database in the path, all of them.")
    { Example = "mongodb://user:password@mongo:27017/shop?authSource=admin" });

    public static readonly Setting Redis = Add(new(WhatSection, "BACKUP_REDIS", DatabaseUris,
        "Redis and Valkey servers, as connection URIs (redis://, rediss://).")
    { Example = "redis://:password@redis:6379" });

    public static readonly Setting Sqlite = Add(new(WhatSection, "BACKUP_SQLITE", NamedPaths,
        "SQLite databases, as path or path:name, or a pattern such as /data/*.db; taken whole while they are in use.")
    { Example = "/data/app.db:app" });

    public static readonly Setting Directories = Add(new(WhatSection, "BACKUP_DIRS", NamedPaths,
        "Directories, as path or path:name.")
    { Example = "/data/uploads:uploads,/data/config:config", IsSetInExample = true });

    public static readonly Setting Files = Add(new(WhatSection, "BACKUP_FILES", NamedPaths,
        "Single files, as path or path:name.")
    { Example = "/data/app.ini:app.ini" });

    public static readonly Setting DumpVia = Add(new(DumpSection, "BACKUP_DUMP_VIA", Choice,
        "Where dump tools run: exec in the database's container, client here; auto: exec where that is possible.")
    { Default = "auto", Choices = ["auto", "exec", "client"] });

    public static readonly Setting DumpParallelism = Add(new(DumpSection, "BACKUP_DUMP_PARALLELISM", Integer,
        "Dumps that are made at the same time.")
    { DefaultNote = "one per core", Example = "2", Minimum = 1, Maximum = 256 });

    public static readonly Setting DumpTimeout = Add(new(DumpSection, "BACKUP_DUMP_TIMEOUT", Duration,
        "The longest that one dump may take; 0 for no limit.")
    { Default = "12h", Maximum = 30 * Day });

    public static readonly Setting StagingLimit = Add(new(DumpSection, "BACKUP_STAGING_LIMIT", Size,
        "The most that the (compressed) dumps of a run may take in the staging folder.")
    { DefaultNote = "what is free there", Example = "20GiB", Minimum = 1L << 20, Maximum = 1L << 50 });

    public static readonly Setting StopServices = Add(new(ServicesSection, "BACKUP_STOP_SERVICES", Names,
        "Compose services or containers that are stopped while files are read, and started again afterwards.")
    { Example = "app,worker" });

    public static readonly Setting StopWait = Add(new(ServicesSection, "BACKUP_STOP_WAIT", Duration,
        "Wait between the last stop and the first byte read.")
    { Default = "2", Maximum = Day });

    public static readonly Setting StartWait = Add(new(ServicesSection, "BACKUP_START_WAIT", Duration,
        "Wait after the last start.")
    { Default = "3", Maximum = Day });

    public static readonly Setting StopTimeout = Add(new(ServicesSection, "BACKUP_STOP_TIMEOUT", Duration,
        "How long a service gets to stop by itself before it is killed.")
    { Default = "10", Maximum = Day });

    public static readonly Setting ComposeProject = Add(new(ServicesSection, "COMPOSE_PROJECT_NAME", Text,
        "Compose project whose services are meant. Not set: the project of this container.")
    { Example = "my-stack" });

    public static readonly Setting DockerHost = Add(new(ServicesSection, "DOCKER_HOST", Url,
        "The Docker engine's address: unix://, tcp:// or http(s)://. Belongs into the compose file: in .env, Compose itself would use it.")
    { Default = "unix:///var/run/docker.sock" });

    public static readonly Setting EncryptionKey = Add(new(EncryptionSection, "BACKUP_ENCRYPTION_KEY", SettingKind.Secret,
        "Passphrase of the archives (gpg, AES-256). Keep a copy elsewhere: nothing opens them without it.")
    { Example = "", IsSetInExample = true });

    public static readonly Setting RecipientsFile = Add(new(EncryptionSection, "BACKUP_ENCRYPTION_RECIPIENTS_FILE", SettingKind.Path,
        "File with OpenPGP public keys to encrypt for, instead of a passphrase.")
    { Example = "/config/recipients.asc" });

    public static readonly Setting DecryptionKey = Add(new(EncryptionSection, "BACKUP_DECRYPTION_KEY", SettingKind.Secret,
        "OpenPGP secret key (armoured) that opens what was encrypted for recipients. Needed to restore only; best given by its _FILE twin.")
    { Example = "" });

    public static readonly Setting SigningKey = Add(new(EncryptionSection, "BACKUP_SIGNING_KEY", SettingKind.Secret,
        "Text that authenticates manifests where no passphrase is used.")
    { Example = "" });

    public static readonly Setting OldEncryptionKey = Add(new(EncryptionSection, "BACKUP_OLD_ENCRYPTION_KEY", SettingKind.Secret,
        "Earlier passphrase. Backups made with it are still listed, verified, restored and forgotten; new ones are never made with it.")
    { Example = "", IsNumbered = true });

    public static readonly Setting OldDecryptionKey = Add(new(EncryptionSection, "BACKUP_OLD_DECRYPTION_KEY", SettingKind.Secret,
        "Earlier OpenPGP secret key (armoured), for backups that were encrypted for its public half.")
    { Example = "", IsNumbered = true });

    public static readonly Setting OldSigningKey = Add(new(EncryptionSection, "BACKUP_OLD_SIGNING_KEY", SettingKind.Secret,
        "Earlier signing key, for backups whose manifests it authenticates.")
    { Example = "", IsNumbered = true });

    public static readonly Setting Compression = Add(new(EncryptionSection, "BACKUP_COMPRESSION", Choice,
        "How archives are compressed.")
    { Default = "gzip", Choices = ["gzip", "zstd", "none"] });

    public static readonly Setting CompressionLevel = Add(new(EncryptionSection, "BACKUP_COMPRESSION_LEVEL", Choice,
        "Whether speed or size matters more. With gzip, balanced takes three times the work of fast and saves 3 %; small twice that again for hardly anything.")
    { Default = "fast", Choices = ["fast", "balanced", "small"] });

    public static readonly Setting CompressionThreads = Add(new(EncryptionSection, "BACKUP_COMPRESSION_THREADS", Integer,
        "Threads that compress.")
    { DefaultNote = "one per core", Example = "2", Minimum = 1, Maximum = 256 });

    public static readonly Setting LocalPath = Add(new(LocalSection, "BACKUP_LOCAL_PATH", SettingKind.Path,
        "Folder for the archives, in the container; mount one of the host there. At least one of this and BACKUP_S3_BUCKET is required.")
    { Example = "/backups-local", IsSetInExample = true });

    public static readonly Setting S3Bucket = Add(new(S3Section, "BACKUP_S3_BUCKET", Text,
        "Bucket for the archives.")
    { Example = "my-backups" });

    public static readonly Setting S3Endpoint = Add(new(S3Section, "BACKUP_S3_ENDPOINT", Url,
        "Address of the S3 server.")
    { Default = "https://s3.amazonaws.com", Example = "https://s3.example.com" });

    public static readonly Setting S3Region = Add(new(S3Section, "BACKUP_S3_REGION", Text, "Region.")
    { Default = "us-east-1" });

    public static readonly Setting S3AccessKey = Add(new(S3Section, "BACKUP_S3_ACCESS_KEY", SettingKind.Secret,
        "Access key. Without it and the secret key, the AWS credential chain is used (environment, profile, instance role).")
    { Example = "" });

    public static readonly Setting S3SecretKey = Add(new(S3Section, "BACKUP_S3_SECRET_KEY", SettingKind.Secret, "Secret key.")
    { Example = "" });

    public static readonly Setting S3SessionToken = Add(new(S3Section, "BACKUP_S3_SESSION_TOKEN", SettingKind.Secret,
        "Session token of temporary keys.")
    { Example = "" });

    public static readonly Setting S3PathStyle = Add(new(S3Section, "BACKUP_S3_PATH_STYLE", Choice,
        "Whether the bucket stands in the path or in the host name of requests; auto: in the path, except at AWS.")
    { Default = "auto", Choices = ["auto", "true", "false"] });

    public static readonly Setting S3Checksums = Add(new(S3Section, "BACKUP_S3_CHECKSUMS", Choice,
        "Whether requests carry AWS's newer checksums; auto: only at AWS.")
    { Default = "auto", Choices = ["auto", "always", "when-required"] });

    public static readonly Setting S3CaFile = Add(new(S3Section, "BACKUP_S3_CA_FILE", SettingKind.Path,
        "Certificates (PEM) that are trusted in addition.")
    { Example = "/config/ca.pem" });

    public static readonly Setting S3PartSize = Add(new(S3Section, "BACKUP_S3_PART_SIZE", Size,
        "Size of all parts of an upload but the last, 5 MiB to 5 GiB. Not set: small, and growing with the archive where the server allows it.")
    { DefaultNote = "from 8 MiB up", Example = "16MiB", Minimum = 5L << 20, Maximum = 5L << 30 });

    public static readonly Setting S3MaximumParts = Add(new(S3Section, "BACKUP_S3_MAX_PARTS", Integer,
        "How many parts of an upload the server takes: 10,000 nearly everywhere, 1,000 with some.")
    { Default = "10000", Example = "1000", Minimum = 100, Maximum = 10_000 });

    public static readonly Setting AllowHttp = Add(new(S3Section, "BACKUP_ALLOW_HTTP", Flag,
        "Whether an S3 server outside of the private network may be spoken to without TLS.")
    { Default = "false" });

    public static readonly Setting VerifySchedule = Add(new(VerificationSection, "BACKUP_VERIFY_SCHEDULE", Text,
        "When stored backups are verified, as a cron line; off: only by hand. It waits for a backup that is going on.")
    { Default = "0 5 * * 0", Example = "0 5 * * 0" });

    public static readonly Setting VerifyLevel = Add(new(VerificationSection, "BACKUP_VERIFY_LEVEL", Choice,
        "How closely the newest backup is looked at then; auto: restore where the Docker engine answers, else content. Of the others the stored bytes are read, in turns.")
    { Default = "auto", Choices = ["auto", "stored", "content", "restore"] });

    public static readonly Setting AnomalyWarn = Add(new(VerificationSection, "BACKUP_ANOMALY_WARN", Percentage,
        "A backup that has lost so much of its usual size or number of entries or records is told with a warning; off: never.")
    { Default = "50%", Minimum = 1, Maximum = 100 });

    public static readonly Setting AnomalyFreeze = Add(new(VerificationSection, "BACKUP_ANOMALY_FREEZE", Percentage,
        "A backup that has lost so much needs attention: it is not counted as good, and nothing is pruned until it is accepted; off: never.")
    { Default = "90%", Minimum = 1, Maximum = 100 });

    public static readonly Setting VerifyAfter = Add(new(VerificationSection, "BACKUP_VERIFY_AFTER", Choice,
        "How each copy is compared with what was sent, before it counts as a backup. auto: in S3 by the server's own checksum where it has one, else by "
        + "reading it back (all of it up to 1 GiB, above that 34 MiB of samples); in the local folder by its size. stored: all of every copy is read back. "
        + "none: size only. What is read back is traffic out of S3, which some providers charge for.")
    { Default = "auto", Choices = ["auto", "stored", "none"] });

    public static readonly Setting RetentionDays = Add(new(RetentionSection, "BACKUP_RETENTION_DAYS", Integer,
        "Keep the backups of so many days. 0, with none of the five counts set: keep everything.")
    { DefaultNote = "30 if none of the five counts is set, else 0", Example = "30", Maximum = 36_500 });

    public static readonly Setting RetentionRecent = Add(new(RetentionSection, "BACKUP_RETENTION_RECENT", Integer,
        "Keep so many of the newest backups.")
    { DefaultNote = "14 " + UnlessCounts, Example = "14", Maximum = 36_500 });

    public static readonly Setting RetentionDaily = Add(new(RetentionSection, "BACKUP_RETENTION_DAILY", Integer,
        "Keep the newest backup of each of so many days.")
    { DefaultNote = "7 " + UnlessCounts, Example = "7", Maximum = 36_500 });

    public static readonly Setting RetentionWeekly = Add(new(RetentionSection, "BACKUP_RETENTION_WEEKLY", Integer,
        "Keep the newest backup of each of so many weeks.")
    { DefaultNote = "4 " + UnlessCounts, Example = "4", Maximum = 5_200 });

    public static readonly Setting RetentionMonthly = Add(new(RetentionSection, "BACKUP_RETENTION_MONTHLY", Integer,
        "Keep the newest backup of each of so many months.")
    { Default = "0", Example = "12", Maximum = 1_200 });

    public static readonly Setting RetentionYearly = Add(new(RetentionSection, "BACKUP_RETENTION_YEARLY", Integer,
        "Keep the newest backup of each of so many years.")
    { Default = "0", Example = "3", Maximum = 100 });

    public static readonly Setting RetentionMinimum = Add(new(RetentionSection, "BACKUP_RETENTION_MIN", Integer,
        "So many of the newest good backups are never removed, nor the newest one that was verified; at least 1.")
    { Default = "3", Minimum = 1, Maximum = 36_500 });

    public static readonly Setting RetentionMaximumDeletions = Add(new(RetentionSection, "BACKUP_RETENTION_MAX_DELETIONS", Integer,
        "A run that would remove more than this removes nothing and says so.")
    { Default = "10", Minimum = 1, Maximum = 1_000_000 });

    public static readonly Setting DrillMemory = Add(new(DrillSection, "BACKUP_DRILL_MEMORY", Size,
        "Memory that the scratch server of a restore drill may use.")
    { Default = "1GiB", Minimum = 64L << 20, Maximum = 1L << 42 });

    public static readonly Setting DrillCpus = Add(new(DrillSection, "BACKUP_DRILL_CPUS", Integer,
        "Processors that the scratch server of a restore drill may use.")
    { Default = "1", Minimum = 1, Maximum = 256 });

    public static readonly Setting DrillTimeout = Add(new(DrillSection, "BACKUP_DRILL_TIMEOUT", Duration,
        "The longest that one assertion of a restore drill may take.")
    { Default = "10m", Minimum = 1, Maximum = 7 * Day });

    public static readonly Setting DrillSql = Add(new(DrillSection, "BACKUP_DRILL_SQL", Sql,
        "SQL that must be true of a restored database: the first column of each row. With several databases, name one before it.")
    { Example = "shop: select count(*) > 0 from users" });

    public static readonly Setting DrillsDirectory = Add(new(DrillSection, "BACKUP_DRILLS_DIR", SettingKind.Path,
        "Folder with a folder for each database, named as its source is, that holds such SQL as *.sql files.")
    { Default = "/drills" });

    public static readonly Setting DrillReportStore = Add(new(DrillSection, "BACKUP_DRILL_REPORT_STORE", Choice,
        "Store that gets the report of each drill as well, as a file beside the backups.")
    { Default = "none", Choices = ["none", "local", "s3"] });

    public static readonly Setting SuccessWebhook = Add(new(ToldSection, "BACKUP_SUCCESS_WEBHOOK", SecretUrl,
        "URL that gets a POST after each backup that succeeded.")
    { Example = "https://example.com/backup-succeeded" });

    public static readonly Setting FailureWebhook = Add(new(ToldSection, "BACKUP_FAILURE_WEBHOOK", SecretUrl,
        "URL that gets a POST after each backup that did not, and each scheduled verification that found something wrong.")
    { Example = "https://example.com/backup-failed" });

    public static readonly Setting HealthchecksUrl = Add(new(ToldSection, "BACKUP_HEALTHCHECKS_URL", SecretUrl,
        "Ping URL of a check at healthchecks.io or a server of that kind; start, success and failure of backups are told, and failure of scheduled verifications.")
    { Example = "https://hc-ping.com/00000000-0000-0000-0000-000000000000" });

    public static readonly Setting HooksDirectory = Add(new(HooksSection, "BACKUP_HOOKS_DIR", SettingKind.Path,
        "Folder with the script folders pre-backup.d, post-backup.d and so on.")
    { Default = "/hooks" });

    public static readonly Setting PreCommand = Add(new(HooksSection, "BACKUP_PRE_COMMAND", Command,
        "Command that runs before a backup; if it fails, the backup does not start.")
    { Example = "/app/maintenance on" });

    public static readonly Setting PostCommand = Add(new(HooksSection, "BACKUP_POST_COMMAND", Command,
        "Command that runs after a backup, whatever became of it.")
    { Example = "/app/maintenance off" });

    public static readonly Setting HookTimeout = Add(new(HooksSection, "BACKUP_HOOK_TIMEOUT", Duration,
        "How long each script or command may take.")
    { Default = "5m", Minimum = 1, Maximum = 7 * Day });

    public static readonly Setting StateDirectory = Add(new(ProgramSection, "BACKUP_STATE_DIR", SettingKind.Path,
        "Folder for the journal, the lock and the history; must survive the container.")
    { Default = "/var/lib/backup-sidecar" });

    public static readonly Setting StagingDirectory = Add(new(ProgramSection, "BACKUP_STAGING_DIR", SettingKind.Path,
        "Folder for dumps on their way into the archive, and for the archive itself where there is no local folder.")
    { Default = "/backups" });

    public static readonly Setting Debug = Add(new(ProgramSection, "BACKUP_DEBUG", Flag, "Whether the log says more.")
    { Default = "false" });

    public static readonly Setting LogFormat = Add(new(ProgramSection, "BACKUP_LOG_FORMAT", Choice, "Form of the log.")
    { Default = "text", Choices = ["text", "json"] });

    public static readonly Setting ConfigFile = Add(new(ProgramSection, "BACKUP_CONFIG_FILE", SettingKind.Path,
        "File with more settings, one NAME=value per line; what the environment says goes first.")
    { Default = "/config/backup.env" });

    public static readonly Setting IgnoreUnknown = Add(new(ProgramSection, "BACKUP_IGNORE_UNKNOWN", Names,
        "Names beginning with BACKUP_ that are not settings and stand there for something else, such as a hook.")
    { Example = "BACKUP_OF_MINE" });

    public static IReadOnlyList<Setting> All { get; } = [.. Rows, .. LabelSettingTable.All, .. HttpSettingTable.All];

    public static IReadOnlyDictionary<string, Setting> ByName { get; } = All.ToDictionary(setting => setting.Name);

    private static Setting Add(Setting setting)
    {
        Rows.Add(setting);
        return setting;
    }
}
