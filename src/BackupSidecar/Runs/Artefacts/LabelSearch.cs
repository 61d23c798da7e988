using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Stores;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>No labelled database is the one that is meant. The message says why; nothing was touched.</summary>
internal sealed class LabelException(string message) : Exception(message);

/// <summary>Asks the engine, once, which containers have labels, and finds the one that is meant.</summary>
internal sealed class LabelSearch(DockerEngine engine, Settings settings, IReadOnlyList<IBackupStore> stores)
{
    private static readonly Dictionary<string, string> AnyLabels = [];

    /// <summary>The databases of all containers whose labels are in force.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<IReadOnlyList<LabelledDatabase>> AllAsync(CancellationToken cancellation) =>
        [.. (await SurveyAsync(cancellation)).Where(each => each.Standing == LabelStanding.BackedUp).Select(each => each.Reading.Database).OfType<LabelledDatabase>()];

    /// <summary>The database of a container, by its name or (the beginning of) its id.</summary>
    /// <exception cref="LabelException">There is none; the message says why.</exception>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<LabelledDatabase> FindAsync(string container, CancellationToken cancellation)
    {
        var all = await SurveyAsync(cancellation);
        var found = all.FirstOrDefault(each => each.Container.Name == container || each.Container.Identity == container)
            ?? (container.Length >= 12 ? all.FirstOrDefault(each => each.Summary.Id.StartsWith(container, StringComparison.Ordinal)) : null);
        return found switch
        {
            null => throw new LabelException($"There is no container '{container}'. With labels there are: {Names(all)}."),
            { Standing: LabelStanding.BackedUp, Reading.Database: { } database } => database,
            { Reading.Problems: [_, ..] problems } => throw new LabelException($"The labels of {found.Container.Name} cannot be used: {string.Join(' ', problems)}"),
            _ => throw new LabelException($"{found.Container.Name} has no labels that are in force here (backup-sidecar explain {found.Container.Name}). With labels there are: {Names(all)}."),
        };
    }

    /// <summary>What stays the same of all containers there are, with labels or without, when they are made anew.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<IReadOnlySet<string>> IdentitiesAsync(CancellationToken cancellation) =>
        (await SurveyAsync(cancellation)).Select(each => each.Container.Identity).ToHashSet();

    private async Task<IReadOnlyList<SurveyedContainer>> SurveyAsync(CancellationToken cancellation)
    {
        if (settings.Labels is not { } labels)
            throw new ConfigurationException([new ConfigurationFault(LabelSettingTable.Labels.Name, "labels are not read. Set it to 'on' to back up databases with labels.", "on")]);
        var containers = await engine.ListContainersAsync(AnyLabels, cancellation);
        var own = OwnContainer.FindId();
        var project = settings.Services.ComposeProject ?? containers.FirstOrDefault(container => container.Id == own)?.Label(ComposeLabels.Project);
        var policy = new LabelPolicy { Stores = stores.Select(store => store.Name).ToHashSet(), AllowsPrivateWebhooks = labels.AllowsPrivateWebhooks };
        return new LabelSurvey(labels.Scope, project, own, policy).Of(containers);
    }

    private static string Names(IReadOnlyList<SurveyedContainer> all)
    {
        var names = all.Where(each => each.Standing == LabelStanding.BackedUp).Select(each => each.Container.Name).ToList();
        return names.Count == 0 ? "none" : string.Join(", ", names);
    }
}
