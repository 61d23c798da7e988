using BackupSidecar.Commands;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Notifications;
using BackupSidecar.Notifications.Webhooks;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Artefacts;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;
using BackupSidecar.Stores.S3;
using BackupSidecar.Targets;

namespace BackupSidecar;

/// <summary>The part of the program that backs up databases which ask for it by labels: the same stages, put together for one of them.</summary>
internal sealed partial class Composition
{
    /// <summary>How long one database's news hold up the next database's backup. What has not arrived by then is kept, and sent later.</summary>
    private static readonly TimeSpan LabelledNews = TimeSpan.FromSeconds(5);

    /// <summary>Where dumps of labelled databases are kept: below the roots of the stores. Local first; none where labels are not read.</summary>
    public IReadOnlyList<IBackupStore> LabelStores => field ??= Settings.Labels is null ? [] : [.. new IBackupStore?[]
    {
        Settings.Local is { } local ? OpenLocal(local.Path, StoreFolder.OfArtefacts) : null,
        Settings.S3 is { } s3 ? new S3Store(s3, StoreFolder.OfArtefacts, Time, Log) { Marks = Path.Combine(Settings.Paths.State, "uploads") } : null,
    }.OfType<IBackupStore>()];

    /// <summary>What people are told of: each store with the folder that backups are in. Archives have one of their own in what they share with dumps.</summary>
    public IReadOnlyList<IBackupStore> StoresInUse => MakesArchives || LabelStores.Count == 0 ? Stores : LabelStores;

    /// <summary>Of backups of labelled databases.</summary>
    public History LabelHistory => field ??= new History(Settings.Paths.State, History.OfLabels);

    /// <exception cref="ConfigurationException">Somebody looks for a labelled database where labels are not read.</exception>
    public LabelSearch LabelSearch()
    {
        var labels = Settings.Labels ?? throw new ConfigurationException(
            [new ConfigurationFault(LabelSettingTable.Labels.Name, "labels are not read, so no container has a database that is backed up by them.", "on")]);
        return new LabelSearch(cancellation => SurveyAsync(labels, cancellation));
    }

    /// <summary>What the labels of all containers come to now.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<IReadOnlyList<SurveyedContainer>> SurveyAsync(LabelSettings labels, CancellationToken cancellation) =>
        Learnt(Survey(labels, await ContainersAsync(cancellation)));

    /// <summary>When a container was last started; null if it is gone.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<DateTimeOffset?> StartOfAsync(string container, CancellationToken cancellation) =>
        (await _drills.InspectAsync(container, cancellation))?.State.Started;

    /// <summary>What stands in labels is as secret as what stands in settings.</summary>
    private IReadOnlyList<SurveyedContainer> Learnt(IReadOnlyList<SurveyedContainer> containers)
    {
        foreach (var database in containers.Select(container => container.Reading.Database).OfType<LabelledDatabase>())
        {
            Reading.Redactor.Learn(database.Uri.Uri);
            if (database.Webhook is { } webhook)
                Reading.Redactor.Learn(webhook);
        }
        return containers;
    }

    public CatalogReader LabelCatalogReader() => new(LabelStores, BackupForm.OfArtefacts(Settings));

    public BackupRun BackupRun(LabelledDatabase labelled)
    {
        var settings = ArtefactPlanner.SettingsOf(labelled, Settings);
        var plan = ArtefactPlanner.Plan(labelled, Settings);
        var history = new History(Settings.Paths.State, History.OfLabels) { Only = settings.Name };
        var stores = LabelStores.Where(store => labelled.Stores.Contains(store.Name)).ToList();
        var told = _labelNotifiers = new NotifierGroup(LabelNotifiers(labelled), Time, Log) { LongestFinish = LabelledNews };
        return new BackupRun(
            settings, plan, Expansion(), new SourceFactory(settings, EngineIn(labelled), Time, Log), stores, stores.OfType<LocalStore>().FirstOrDefault()?.Folder,
            new Recovery(settings, plan, RestoreTargets(), told, history, Time, Log), LabelRetention(labelled), missedCopies: null, told, history,
            Reading.Redactor, new ConsoleProgress(ConsoleLogger.IsTerminal ? Console.Error : null, Log), Time, Log);
    }

    /// <summary>Retention of one labelled database: only what its metadata name as its own counts, and goes.</summary>
    public RetentionRun LabelRetention(LabelledDatabase labelled) =>
        LabelRetention(BackupForm.Of(ArtefactPlanner.Plan(labelled, Settings), Settings), labelled.Retention, labelled.WhyNotPruned);

    /// <summary>The same where the container may be gone.</summary>
    public RetentionRun LabelRetention(ArtefactGroup group) => LabelRetention(
        BackupForm.OfArtefacts(Settings) with { Names = ArtefactNames.Of(group.Newest), IsMeant = group.Owner.Owns }, group.Retention);

    public GoneSweep GoneSweep() => new(Settings, LabelStores, LabelSearch(), LabelRetention, Time, Log);

    /// <summary>Restores of labelled databases stop no services but what the engine itself must.</summary>
    public RestoreRun RestoreRun(LabelledRestore wanted)
    {
        Func<DatabaseSourcePlan, string, IDatabaseEngine> engine = wanted.Plan.Artefact is { } artefact ? EngineIn(artefact.Labelled) : Engine;
        var settings = Settings with { Services = Settings.Services with { Stop = [] } };
        return new RestoreRun(settings, wanted.Plan, LabelStores, new RestoreTargets(engine, Settings.Paths.Staging, Log), Time, Log) { Form = wanted.Form };
    }

    /// <summary>Tools run in the container that has the labels, or here: never in another one that its labels name.</summary>
    private Func<DatabaseSourcePlan, string, IDatabaseEngine> EngineIn(LabelledDatabase labelled)
    {
        _pinned = new ToolPlaces(Settings.Dumps.Via, Settings.Services, Time, Log) { Pinned = labelled.ContainerId };
        return (plan, folder) => Engine(plan, folder, _pinned, JournalStop);
    }

    /// <summary>Reads the dump of a labelled database back. There is no drill of it.</summary>
    public VerifyRun VerifyRun(ArtefactName name) =>
        new(Settings, LabelStores, Time, Log) { Form = BackupForm.OfArtefacts(Settings) with { Names = ArtefactNames.Of(name) } };

    /// <summary>A check that waits for archives is not told: backups of one database must not stand in for one that is missing.</summary>
    private List<INotifier> LabelNotifiers(LabelledDatabase labelled)
    {
        var notifiers = new List<INotifier>();
        var url = labelled.Webhook is { } own
            ? PingUrl.Parse($"backup.webhook of {labelled.ContainerName}", own, "https://example.com/hook")
            : WebhookUrl(LabelSettingTable.WebhookUrl.Name);
        if (url is not null)
            notifiers.Add(new LabelWebhookNotifier(labelled, url, isFromLabel: labelled.Webhook is not null, new ContainerWebhook(Courier, Time)));
        if (WebhookUrl(SettingTable.FailureWebhook.Name) is { } failure)
            notifiers.Add(new WebhookNotifier(success: null, failure, Courier, Time));
        return notifiers;
    }

    private RetentionRun LabelRetention(BackupForm form, TimeSpan? wanted, string? leftOutBecause = null) =>
        new(Settings with { Retention = ArtefactPlanner.RetentionOf(wanted, Settings), TimeZone = TimeZoneInfo.Utc }, Time, Log)
        {
            Form = form,
            IsGradual = true,
            LeftOutBecause = leftOutBecause,
            IsDryRun = Settings.Labels?.IsRetentionDryRun ?? false,
        };
}
