using BackupSidecar.Archives;
using BackupSidecar.Commands;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;
using BackupSidecar.Databases.MySql;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.Databases.Redis;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Notifications;
using BackupSidecar.Notifications.Webhooks;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Runs.Drills;
using BackupSidecar.Scheduling;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;
using BackupSidecar.Stores.S3;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar;

/// <summary>
/// Puts the program together from the settings: the only place that names concrete stores and notifiers. Loading it reads
/// and checks the whole configuration, and touches nothing.
/// </summary>
internal sealed partial class Composition : IDisposable
{
    private readonly TextWriter? _logFile;
    private readonly LocalStore? _local;
    private readonly ToolPlaces _places;
    private ToolPlaces? _pinned;
    private readonly DockerEngine _drills;
    private readonly PingClient _pings;
    private readonly PingClient _webhooks;
    private readonly PingClient _labelWebhooks;
    private readonly NotifierGroup _notifiers;
    private NotifierGroup? _labelNotifiers;

    private Composition(SettingsReading reading, string? logFile)
    {
        Reading = reading;
        (Schedule, var scheduleFaults) = ParseSchedule(reading, SettingTable.Schedule);
        var (verifySchedule, verifyFaults) = ParseSchedule(reading, SettingTable.VerifySchedule);
        (Settings, Plan) = Require(reading, [.. scheduleFaults, .. verifyFaults]);
        VerifySchedule = MakesArchives ? verifySchedule : null;
        _logFile = logFile is null ? null : LogFile.Open(logFile);
        Log = new ConsoleLogger(Settings.Log, reading.Redactor, Time, ConsoleLogger.IsTerminal, _logFile);
        _local = Settings.Local is { } local ? OpenLocal(local.Path, StoreFolder.OfArchives(Settings.Name)) : null;
        Stores = [.. new IBackupStore?[]
        {
            _local,
            Settings.S3 is { } s3 ? new S3Store(s3, Settings.Name, Time, Log) { Marks = Path.Combine(Settings.Paths.State, "uploads") } : null,
        }.OfType<IBackupStore>()];
        _places = new ToolPlaces(Settings.Dumps.Via, Settings.Services, Time, Log);
        _drills = new DockerEngine(Settings.Services.DockerHost, Time);
        History = new History(Settings.Paths.State);
        Verifications = new History(Settings.Paths.State, History.OfVerifications);
        Marks = new MarkFile(Settings.Paths.State);
        _pings = new PingClient(new PingPolicy(), Random.Shared, Time);
        _webhooks = OpenWebhooks(only: null);
        _labelWebhooks = OpenWebhooks(Settings.Labels is { AllowsPrivateWebhooks: true } ? null : () => PublicAddresses.Default);
        Outbox = new Outbox(Settings.Paths.State, Time, Log);
        Breakers = new CircuitBreakers(Settings.Paths.State, Time);
        Courier = OpenCourier();
        _notifiers = new NotifierGroup(Notifiers(), Time, Log);
    }

    public SettingsReading Reading { get; }

    public Settings Settings { get; }

    public TimeProvider Time { get; } = TimeProvider.System;

    public ConsoleLogger Log { get; }

    public BackupPlan Plan { get; }

    /// <summary>Null in manual mode.</summary>
    public CronSchedule? Schedule { get; }

    /// <summary>Whether the settings name anything to be backed up. Labels lead to dumps, each by itself.</summary>
    public bool MakesArchives => Plan.Sources.Count > 0;

    /// <summary>Null where no verification is scheduled: there are none of dumps.</summary>
    public CronSchedule? VerifySchedule { get; }

    /// <summary>Local first.</summary>
    public IReadOnlyList<IBackupStore> Stores { get; }

    /// <summary>Of backups and restores.</summary>
    public History History { get; }

    public History Verifications { get; }

    public MarkFile Marks { get; }

    public Outbox Outbox { get; }

    public CircuitBreakers Breakers { get; }

    /// <summary>Brings messages to webhooks, those as well that wait.</summary>
    public WebhookCourier Courier { get; }

    /// <summary>Reads the configuration. What is doubtful in it is told with every run, but not with every look at the list.</summary>
    /// <param name="scope">What the command needs of it.</param>
    /// <param name="logFile">A file that gets the log as well, or null.</param>
    /// <param name="files">How the files that settings name are read; null: from the disk.</param>
    /// <exception cref="ConfigurationException">It cannot be used; holds every fault.</exception>
    public static Composition Load(SettingsScope scope, string? logFile = null, Func<string, FileReading>? files = null)
    {
        var program = new Composition(new SettingsReader(files ?? FileReading.Of).Read(ProcessEnvironment.Variables(), scope), logFile);
        if (scope != SettingsScope.Everything)
            return program;
        foreach (var notice in program.Reading.Notices)
            program.Log.LogInformation("{Notice}", notice);
        foreach (var warning in program.Reading.Warnings)
            program.Log.LogWarning("{Warning}", warning);
        return program;
    }

    /// <summary>Masks what is a secret in the configuration, whether or not that can be used: for what is told without a log.</summary>
    public static string Mask(string text) =>
        new SettingsReader(FileReading.Of).Read(ProcessEnvironment.Variables(), SettingsScope.StoresOnly).Redactor.Redact(text);

    public BackupRun BackupRun() => new(
        Settings, Plan, Expansion(), new SourceFactory(Settings, Engine, Time, Log), Stores, _local?.Folder, Recovery(), RetentionRun(), MissedCopies(),
        _notifiers, History, Reading.Redactor, new ConsoleProgress(ConsoleLogger.IsTerminal ? Console.Error : null, Log), Time, Log);

    /// <summary>Looks at sources, stores and services without a run. The plan is that of a run that would begin now.</summary>
    public async Task<(BackupPlan Plan, Preflight Preflight)> LookAsync(CancellationToken cancellation)
    {
        var plan = await Expansion().ExpandAsync(Plan, cancellation);
        using var sources = new SourceFactory(Settings, Engine, Time, Log).Open(plan, Guid.NewGuid(), holdsRunLock: false);
        var preflight = await Preflight.LookAsync(sources.All, Stores, Settings, Time, Log, cancellation);
        if (preflight.Window is not null)
            await preflight.Window.DisposeAsync();
        return (plan, preflight);
    }

    public Recovery Recovery() => new(Settings, Plan, RestoreTargets(), _notifiers, History, Time, Log);

    public Hooks Hooks(Guid runId) => new(Settings.Hooks, Settings.Name, runId, Log);

    public RetentionRun RetentionRun() => new(Settings, Time, Log);

    public RestoreTargets RestoreTargets() => new(Engine, Settings.Paths.Staging, Log);

    public RestoreRun RestoreRun() => new(Settings, Plan, Stores, RestoreTargets(), Time, Log);

    public VerifyRun VerifyRun() => new(Settings, Stores, Time, Log, RestoreDrill());

    public DrillSweep DrillSweep() => new(Settings.Paths, DrillContainers(), Log);

    /// <summary>Whether there is a Docker engine that can be asked.</summary>
    public async Task<bool> EngineAnswersAsync(CancellationToken cancellation)
    {
        var problem = await EngineProblemAsync(cancellation);
        if (problem is not null)
            Log.LogDebug("There is no Docker engine: {Reason}", problem);
        return problem is null;
    }

    /// <summary>Why the Docker engine cannot be asked; null if it can.</summary>
    public async Task<string?> EngineProblemAsync(CancellationToken cancellation)
    {
        try
        {
            await _drills.InspectAsync(OwnContainer.FindId() ?? "backup-sidecar", cancellation);
            return null;
        }
        catch (DockerException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Looks at all containers again and again; for as long as labels are read.</summary>
    public ContainerWatch ContainerWatch(LabelSettings labels) => new(_drills, labels.Interval, Time, Log);

    /// <summary>All containers there are now.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public Task<IReadOnlyList<ContainerSummary>> ContainersAsync(CancellationToken cancellation) =>
        _drills.ListContainersAsync(cancellation);

    /// <summary>What the labels of these containers come to.</summary>
    public IReadOnlyList<SurveyedContainer> Survey(LabelSettings labels, IReadOnlyList<ContainerSummary> containers)
    {
        var own = Own(containers);
        return new LabelSurvey(labels.Scope, Settings.Services.ComposeProject ?? own?.Label(ComposeLabels.Project), own?.Id, LabelPolicy(labels)).Of(containers);
    }

    /// <summary>What the settings, and not labels, have backed up.</summary>
    public Covered Covered(IReadOnlyList<ContainerSummary> containers) =>
        CoveredBySettings.Of(Settings.Sources, Own(containers)?.Mounts ?? []);

    /// <summary>What labels may ask for.</summary>
    public LabelPolicy LabelPolicy(LabelSettings labels) => new()
    {
        Stores = Stores.Select(store => store.Name).ToHashSet(),
        ArchiveFolder = MakesArchives ? Settings.Name : null,
        AllowsPrivateWebhooks = labels.AllowsPrivateWebhooks,
        ScheduleProblem = text => CronSchedule.TryParse(text, Settings.TimeZone, out _, out var fault) ? null : fault!.Problem,
    };

    /// <summary>Tells whoever is to be told of what a run came to.</summary>
    public Task TellAsync(RunReport report, CancellationToken interrupted) => _notifiers.FinishedAsync(report, interrupted);

    public CatalogReader CatalogReader() => new(Stores, new ManifestFile(Settings.Archive, Settings.Name), Settings.Name);

    public void Dispose()
    {
        foreach (var store in Stores.Concat(LabelStores))
            store.Dispose();
        _places.Dispose();
        _pinned?.Dispose();
        _drills.Dispose();
        _notifiers.Dispose();
        _labelNotifiers?.Dispose();
        _pings.Dispose();
        _webhooks.Dispose();
        _labelWebhooks.Dispose();
        _logFile?.Dispose();
    }

    private MissedCopies MissedCopies() => new(Settings, _local?.Folder, RetentionRun(), History, now => Schedule?.Next(now), Time, Log);

    private static ContainerSummary? Own(IReadOnlyList<ContainerSummary> containers)
    {
        var own = OwnContainer.FindId();
        return containers.FirstOrDefault(container => container.Id == own);
    }

    private RestoreDrill RestoreDrill() => new(
        Settings, Plan, DrillContainers(), (plan, folder, places) => Engine(plan, folder, places, NoJournal), Evidence(),
        Stores.FirstOrDefault(store => store.Name == Settings.Drill.ReportStore), Reading.Redactor, Time, Log);

    private DrillContainers DrillContainers() => new(_drills, Settings, Time, Log);

    private DrillEvidence Evidence() => new(Settings.Paths.State, Settings.TimeZone);

    private IDatabaseEngine Engine(DatabaseSourcePlan plan, string privateDirectory) => Engine(plan, privateDirectory, _places, JournalStop);

    private IDatabaseEngine Engine(DatabaseSourcePlan plan, string privateDirectory, ToolPlaces places, Func<ContainerDetails, Action> journal) => plan.Kind switch
    {
        SourceKind.Postgres => plan.IsGlobals
            ? new PostgresGlobals(PostgresAccess(plan.Uri, plan.Options, places))
            : new Postgres(PostgresAccess(plan.Uri, plan.Options, places), plan.DatabaseName, plan.Options),
        SourceKind.Mysql => new MysqlServer(plan.Uri, plan.Options, places),
        SourceKind.Mongodb => new MongoServer(plan.Uri, plan.Options, places, privateDirectory, Log),
        SourceKind.Redis => new RedisServer(plan.Uri, plan.Options, places, privateDirectory, journal, Log),
        _ => throw new ArgumentException($"There is no database engine '{plan.Kind}'.", nameof(plan)),
    };

    /// <summary>Writes down that a container is about to be stopped; call what it returns once that runs again.</summary>
    private Action JournalStop(ContainerDetails container)
    {
        var journal = new StopJournal(Settings.Paths.State, Time, Log);
        var service = StoppedService.From(new ServiceContainer(container.PlainName, container), Time.GetUtcNow());
        journal.Add([service]);
        return () => journal.Remove([service]);
    }

    private LocalStore OpenLocal(string path, StoreFolder folder) => new(path, folder, Time)
    {
        Mark = new FolderMark(LocalStore.FolderOf(path, folder.Path), Settings.Paths.State, Log),
    };

    /// <summary>Nobody starts a scratch server again: the next start removes it.</summary>
    private static Action NoJournal(ContainerDetails container) => () => { };

    private static PostgresAccess PostgresAccess(Secret uri, DatabaseOptions options, ToolPlaces places) => new(uri, options.Via, places, new PostgresClients());

    private PlanExpansion Expansion() => new((server, cancellation) =>
        PostgresDatabases.ListAsync(PostgresAccess(server.Uri, server.Options, _places), server.Options, cancellation));

    private List<INotifier> Notifiers()
    {
        var settings = Settings.Notifications;
        var notifiers = new List<INotifier>();
        if (settings.SuccessWebhook is not null || settings.FailureWebhook is not null)
            notifiers.Add(new WebhookNotifier(WebhookUrl(SettingTable.SuccessWebhook.Name), WebhookUrl(SettingTable.FailureWebhook.Name), Courier, Time));
        if (settings.HealthchecksUrl is { } url)
            notifiers.Add(new HealthchecksNotifier(HealthchecksNotifier.ParseUrl(url), _pings));
        return notifiers;
    }

    private WebhookCourier OpenCourier() => new(
        Outbox, Breakers, _webhooks, _labelWebhooks, WebhookUrl,
        Settings.Notifications.Webhook.SigningSecret, Time, Log);

    private PingClient OpenWebhooks(Func<PublicAddresses>? only) => new(
        new PingPolicy
        {
            Tries = 1 + Settings.Notifications.Webhook.Retries,
            AttemptTimeout = Settings.Notifications.Webhook.Timeout,
            FirstPause = TimeSpan.FromSeconds(2),
        },
        Random.Shared, Time, only);

    private PingUrl? WebhookUrl(string setting)
    {
        var url = setting == SettingTable.SuccessWebhook.Name ? Settings.Notifications.SuccessWebhook
            : setting == SettingTable.FailureWebhook.Name ? Settings.Notifications.FailureWebhook
            : setting == LabelSettingTable.WebhookUrl.Name ? Settings.Notifications.Webhook.Url
            : null;
        return url is null ? null : PingUrl.Parse(setting, url, "https://example.com/hook");
    }

    /// <summary>The faults of the schedule and of the plan are told together with all others.</summary>
    private static (Settings Settings, BackupPlan Plan) Require(SettingsReading reading, IReadOnlyList<ConfigurationFault> scheduleFaults)
    {
        if (reading.Settings is not { } settings)
            throw Faulty(reading, [.. reading.Faults, .. scheduleFaults]);
        var (plan, planFaults) = BackupPlanner.Plan(settings);
        (plan, var folderFaults) = OwnFolders.LeaveOut(plan, settings, MountTable.OfThisProcess());
        List<ConfigurationFault> faults = [.. planFaults, .. folderFaults, .. scheduleFaults];
        return faults.Count == 0 ? (settings, plan) : throw Faulty(reading, faults);
    }

    private static ConfigurationException Faulty(SettingsReading reading, IEnumerable<ConfigurationFault> faults) =>
        new([.. faults.Select(fault => fault with { Problem = reading.Redactor.Redact(fault.Problem) })]);

    private static (CronSchedule? Schedule, IReadOnlyList<ConfigurationFault> Faults) ParseSchedule(SettingsReading reading, Setting setting)
    {
        var given = reading.Given.Find(setting);
        // A value that was found faulty before is blank by now.
        var text = string.IsNullOrWhiteSpace(given?.Text) ? setting.Default : given.Text;
        if (text is null || OffText.IsOff(text))
            return (null, []);
        return CronSchedule.TryParse(text, reading.Settings?.TimeZone ?? TimeZoneInfo.Utc, out var schedule, out var fault)
            ? (reading.Settings is { } settings ? schedule!.LaterBy(ScheduleSpread.Of(settings.Name, settings.ScheduleSpread)) : schedule, [])
            : (null, [fault! with { Setting = given?.Variable ?? setting.Name }]);
    }
}
