using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;
using static BackupSidecar.Configuration.SettingTable;

namespace BackupSidecar.Configuration;

/// <summary>Builds the settings, one record per concern, with the rules that hold within and between them.</summary>
internal sealed class SettingsParts(GivenSettings given, Findings findings)
{
    private const int ShortPassphrase = 16;

    private static readonly Setting[] AllSources = [Postgres, Mysql, Mongodb, Redis, Sqlite, Directories, Files];

    private readonly SettingValues _values = new(given, findings);

    /// <summary>Nothing but labels says what is backed up.</summary>
    private bool IsByLabelsAlone => given.ReadsLabels && !AllSources.Any(given.IsGiven);

    public Settings Build(SettingsScope scope)
    {
        var labels = new LabelParts(given, _values, findings);
        var settings = new Settings
        {
            Name = BackupName(),
            Schedule = _values.Text(Schedule),
            ScheduleSpread = _values.Duration(SettingTable.ScheduleSpread),
            TimeZone = Zone(),
            Timeout = _values.Duration(SettingTable.Timeout) is { Ticks: > 0 } limit ? limit : null,
            CatchUp = _values.Flag(CatchUp),
            Sources = Sources(),
            Dumps = Dumps(),
            Labels = labels.Settings(),
            Services = Services(),
            Archive = Archive(),
            Local = (_values.Path(LocalPath) ?? (IsByLabelsAlone ? LabelParts.UsualFolder : null)) is { } path ? new LocalStoreSettings(path) : null,
            S3 = S3(),
            VerifyAfter = _values.Choice(SettingTable.VerifyAfter) switch
            {
                "stored" => Configuration.VerifyAfter.Stored,
                "none" => Configuration.VerifyAfter.None,
                _ => Configuration.VerifyAfter.Auto,
            },
            Retention = Retention(),
            Verification = Verification(),
            Anomalies = Anomalies(),
            Drill = Drill(),
            Hooks = Hooks(),
            Notifications = Notifications() with { Webhook = labels.Webhook() },
            Http = new HttpParts(given, _values, findings).Settings(),
            Paths = Paths(),
            Log = Log(),
        };
        Require(scope);
        CheckAssertions(settings);
        return settings;
    }

    /// <summary>Which of all databases of a server there are shows only in a backup.</summary>
    private void CheckAssertions(Settings settings)
    {
        var databases = settings.Sources.Postgres.Count + settings.Sources.Mysql.Count + settings.Sources.Sqlite.Count;
        foreach (var assertion in settings.Drill.Assertions.Where(assertion => assertion.Source is null && databases > 1))
            findings.Fault(assertion.Variable, "there are several databases, and it does not say which one it is about.", DrillSql.Example);
    }

    private void Require(SettingsScope scope)
    {
        if (!given.IsGiven(LocalPath) && !given.IsGiven(S3Bucket) && !IsByLabelsAlone)
            Fault(LocalPath, $"there is nowhere to store backups: set it, or {S3Bucket.Name}, or both.", LocalPath.Example);
        if (scope is SettingsScope.Everything && !AllSources.Any(given.IsGiven) && !given.ReadsLabels)
            Fault(
                Directories,
                $"there is nothing to back up: set one of {string.Join(", ", AllSources.Select(source => source.Name))}; or {LabelSettingTable.Labels.Name}=on, to back up databases with labels.",
                Directories.Example);
        // Who gave the key another name and forgot the new one.
        if (scope is SettingsScope.Everything && given.IsGiven(OldEncryptionKey) && !given.IsGiven(EncryptionKey) && !given.IsGiven(RecipientsFile))
            Fault(OldEncryptionKey, $"there is no {EncryptionKey.Name} beside it, and new archives would not be encrypted. Set that as well, or remove this.");
    }

    private string BackupName()
    {
        if (!given.IsGiven(Name) && IsByLabelsAlone)
            return LabelParts.UsualName;
        if (!given.IsGiven(Name))
            Fault(Name, "it is required: it names the folder and the files of the backups.", Name.Example);
        var name = _values.Text(Name) ?? "";
        if (name.Length > 0 && !BackupNameText.IsValid(name))
            Fault(
                Name, $"{Shown.Quote(name)} cannot be a name: letters, digits, '.', '_' and '-', at most 100, beginning with a letter or digit.",
                Name.Example);
        return name;
    }

    private TimeZoneInfo Zone()
    {
        var name = _values.Text(SettingTable.TimeZone)!; // It has a default.
        if (!TimeZoneText.TryParse(name, out var zone))
            Fault(
                SettingTable.TimeZone,
                $"{Shown.Quote(name)} is not the name of a time zone.",
                TimeZoneText.Suggest(name) ?? SettingTable.TimeZone.Example);
        return zone;
    }

    private SourceSettings Sources() => new()
    {
        Postgres = _values.DatabaseUris(
            Postgres, uri => PostgresUri.TryParse(uri, out _, out var problem) ? null : problem,
            DatabaseUriText.Name, DatabaseUriText.Via, DatabaseUriText.ExcludeTable, DatabaseUriText.ExcludeTableData, DatabaseUriText.ExcludeDatabase),
        Mysql = _values.DatabaseUris(
            Mysql, uri => MysqlUri.TryParse(uri, out _, out var problem) ? null : problem,
            DatabaseUriText.Name, DatabaseUriText.Via, DatabaseUriText.ExcludeTable, DatabaseUriText.ExcludeDatabase),
        Mongodb = _values.DatabaseUris(
            Mongodb, uri => MongodbUri.TryParse(uri, out _, out var problem) ? null : problem,
            DatabaseUriText.Name, DatabaseUriText.Via, DatabaseUriText.ExcludeTable),
        Redis = _values.DatabaseUris(
            Redis, uri => RedisUri.TryParse(uri, out _, out var problem) ? null : problem, DatabaseUriText.Name, DatabaseUriText.Via),
        Sqlite = _values.NamedPaths(Sqlite),
        Directories = _values.NamedPaths(Directories),
        Files = _values.NamedPaths(Files),
    };

    private DumpSettings Dumps() => new()
    {
        Via = _values.Choice(SettingTable.DumpVia) switch
        {
            "exec" => Configuration.DumpVia.Exec,
            "client" => Configuration.DumpVia.Client,
            _ => Configuration.DumpVia.Auto,
        },
        Parallelism = _values.Integer(DumpParallelism) ?? Environment.ProcessorCount,
        Timeout = _values.Duration(DumpTimeout) is { Ticks: > 0 } limit ? limit : null,
        StagingLimit = _values.Size(StagingLimit),
    };

    private ServiceSettings Services()
    {
        var address = _values.Text(DockerHost)!; // It has a default.
        if (WebUri.EngineProblem(address, out var engine) is { } problem)
            Fault(DockerHost, problem, DockerHost.Default);
        return new ServiceSettings
        {
            Stop = _values.Names(StopServices),
            StopWait = _values.Duration(StopWait),
            StartWait = _values.Duration(StartWait),
            StopTimeout = _values.Duration(StopTimeout),
            ComposeProject = _values.Text(ComposeProject),
            DockerHost = engine,
        };
    }

    private ArchiveSettings Archive()
    {
        var archive = new ArchiveSettings
        {
            Compression = _values.Choice(SettingTable.Compression) switch
            {
                "zstd" => Configuration.Compression.Zstd,
                "none" => Configuration.Compression.None,
                _ => Configuration.Compression.Gzip,
            },
            CompressionLevel = _values.Choice(SettingTable.CompressionLevel) switch
            {
                "balanced" => Configuration.CompressionLevel.Balanced,
                "small" => Configuration.CompressionLevel.Small,
                _ => Configuration.CompressionLevel.Fast,
            },
            CompressionThreads = _values.Integer(CompressionThreads) ?? Environment.ProcessorCount,
            EncryptionKey = _values.SecretLine(EncryptionKey),
            OldEncryptionKeys = _values.SecretLines(OldEncryptionKey),
            RecipientsFile = _values.Path(RecipientsFile),
            DecryptionKey = _values.Secret(DecryptionKey),
            OldDecryptionKeys = _values.Secrets(OldDecryptionKey),
            SigningKey = _values.Secret(SigningKey),
            OldSigningKeys = _values.Secrets(OldSigningKey),
        };
        CheckEncryption(archive);
        return archive;
    }

    private void CheckEncryption(ArchiveSettings archive)
    {
        if (given.IsGiven(EncryptionKey) && given.Find(RecipientsFile) is { } recipients)
            Fault(EncryptionKey, $"{recipients.Variable} is set as well; archives are encrypted with one or for the other.");

        // Somebody meant to encrypt. A plain archive would be the wrong answer to a variable that came out blank.
        foreach (var setting in new[] { EncryptionKey, RecipientsFile })
        {
            if (given.Blank.Contains(setting) && !given.IsGiven(EncryptionKey) && !given.IsGiven(RecipientsFile))
                Fault(setting, "it is set but blank, and archives would not be encrypted. Fill it in, or remove it.");
        }

        if (archive.EncryptionKey?.Reveal().Length < ShortPassphrase)
            findings.Warn($"{EncryptionKey.Name}: the passphrase is shorter than {ShortPassphrase} characters and may be guessed.");
    }

    private S3StoreSettings? S3()
    {
        var settings = new S3StoreSettings
        {
            Bucket = Bucket(),
            Endpoint = Endpoint(),
            Region = _values.Text(S3Region)!, // It has a default.
            AccessKey = _values.SecretLine(S3AccessKey),
            SecretKey = _values.SecretLine(S3SecretKey),
            SessionToken = _values.SecretLine(S3SessionToken),
            PathStyle = _values.Choice(S3PathStyle) switch
            {
                "true" => PathStyle.Path,
                "false" => PathStyle.VirtualHost,
                _ => PathStyle.Auto,
            },
            Checksums = _values.Choice(SettingTable.S3Checksums) switch
            {
                "always" => Configuration.S3Checksums.Always,
                "when-required" => Configuration.S3Checksums.WhenRequired,
                _ => Configuration.S3Checksums.Auto,
            },
            CaFile = _values.Path(S3CaFile),
            PartSize = _values.Size(S3PartSize),
            MostParts = _values.Integer(S3MaximumParts) ?? 10_000,
        };
        if (given.IsGiven(S3AccessKey) != given.IsGiven(S3SecretKey))
        {
            var (there, missing) = given.IsGiven(S3AccessKey) ? (S3AccessKey, S3SecretKey) : (S3SecretKey, S3AccessKey);
            Fault(missing, $"{there.Name} is set without it; set both, or neither to use the AWS credential chain.");
        }
        else if (given.IsGiven(S3SessionToken) && !given.IsGiven(S3AccessKey))
        {
            Fault(S3SessionToken, $"it belongs to {S3AccessKey.Name} and {S3SecretKey.Name}, which are not set.");
        }

        if (given.IsGiven(S3Bucket))
            return settings;
        if (given.All.FirstOrDefault(value => value.Setting.Section == S3Bucket.Section) is { } idle)
            findings.Warn($"{idle.Variable} has no effect, because {S3Bucket.Name} is not set.");
        return null;
    }

    private string Bucket()
    {
        var bucket = _values.Text(S3Bucket) ?? "";
        if (bucket.Length > 0 && !bucket.All(c => char.IsAsciiLetterOrDigit(c) || ".-_".Contains(c)))
            Fault(S3Bucket, $"{Shown.Quote(bucket)} is not a bucket's name: only the name, without s3:// and path.", S3Bucket.Example);
        return bucket;
    }

    private Uri Endpoint()
    {
        var text = _values.Text(S3Endpoint)!; // It has a default.
        var allowed = _values.Flag(AllowHttp);
        if (WebUri.EndpointProblem(text, out var endpoint) is { } problem)
            Fault(S3Endpoint, problem, S3Endpoint.Example);
        else if (endpoint.Scheme == "http" && !allowed && !WebUri.IsPrivate(endpoint))
            Fault(
                S3Endpoint, $"http:// leaves this network without TLS. Use https://, or set {AllowHttp.Name}=true.", S3Endpoint.Example);
        else if (endpoint.Scheme == "http" && given.IsGiven(S3Bucket))
            findings.Warn($"{S3Endpoint.Name}: {endpoint.Authority} is spoken to without TLS.");
        return endpoint;
    }

    private RetentionSettings Retention()
    {
        Setting[] counts = [RetentionRecent, RetentionDaily, RetentionWeekly, RetentionMonthly, RetentionYearly];
        var areCounted = counts.Any(given.IsGiven);
        return new RetentionSettings
        {
            Days = _values.Integer(RetentionDays) ?? (areCounted ? 0 : 30),
            Recent = _values.Integer(RetentionRecent) ?? (areCounted ? 14 : 0),
            Daily = _values.Integer(RetentionDaily) ?? (areCounted ? 7 : 0),
            Weekly = _values.Integer(RetentionWeekly) ?? (areCounted ? 4 : 0),
            Monthly = _values.Integer(RetentionMonthly) ?? 0,
            Yearly = _values.Integer(RetentionYearly) ?? 0,
            Minimum = _values.Integer(RetentionMinimum) ?? 1,
            MaximumDeletions = _values.Integer(RetentionMaximumDeletions) ?? 1,
        };
    }

    private VerificationSettings Verification() => new()
    {
        Schedule = _values.Text(VerifySchedule) is { } schedule && !OffText.IsOff(schedule) ? schedule : null,
        Level = _values.Choice(SettingTable.VerifyLevel) switch
        {
            "stored" => ScheduledLevel.Stored,
            "content" => ScheduledLevel.Content,
            "restore" => ScheduledLevel.Restore,
            _ => ScheduledLevel.Auto,
        },
    };

    private AnomalySettings Anomalies()
    {
        var settings = new AnomalySettings { Warn = _values.Percentage(AnomalyWarn), Freeze = _values.Percentage(AnomalyFreeze) };
        if (settings is { Warn: { } warn, Freeze: { } freeze } && warn > freeze)
        {
            Fault(
                given.IsGiven(AnomalyWarn) ? AnomalyWarn : AnomalyFreeze,
                $"a warning at {warn}% would come after the freeze at {freeze}% ({AnomalyWarn.Name}, {AnomalyFreeze.Name}).",
                AnomalyWarn.Default);
        }
        return settings;
    }

    private DrillSettings Drill()
    {
        var store = _values.Choice(DrillReportStore);
        if ((store == "local" && !given.IsGiven(LocalPath)) || (store == "s3" && !given.IsGiven(S3Bucket)))
            Fault(DrillReportStore, $"there is no store '{store}'.");
        return new DrillSettings
        {
            Memory = _values.Size(DrillMemory)!.Value, // Both have a default.
            Cpus = _values.Integer(DrillCpus)!.Value,
            Timeout = _values.Duration(DrillTimeout),
            Assertions = _values.Assertions(DrillSql),
            Directory = _values.Path(DrillsDirectory)!, // It has a default.
            ReportStore = store == "none" ? null : store,
        };
    }

    private HookSettings Hooks() => new()
    {
        Directory = _values.Path(HooksDirectory)!, // It has a default.
        PreCommand = _values.Text(PreCommand),
        PostCommand = _values.Text(PostCommand),
        Timeout = _values.Duration(HookTimeout),
    };

    private NotificationSettings Notifications() => new()
    {
        SuccessWebhook = _values.SecretUrl(SuccessWebhook),
        FailureWebhook = _values.SecretUrl(FailureWebhook),
        HealthchecksUrl = _values.SecretUrl(HealthchecksUrl),
    };

    private PathSettings Paths() => new()
    {
        State = _values.Path(StateDirectory)!, // Both have a default.
        Staging = _values.Path(StagingDirectory)!,
    };

    private LogSettings Log()
    {
        var isJson = _values.Choice(SettingTable.LogFormat) == "json";
        return new LogSettings(isJson ? Configuration.LogFormat.Json : Configuration.LogFormat.Text, _values.Flag(Debug));
    }

    /// <summary>Names the variable that the operator used, or else the setting.</summary>
    private void Fault(Setting setting, string problem, string? example = null) =>
        findings.Fault(given.Find(setting)?.Variable ?? setting.Name, problem, example);
}
