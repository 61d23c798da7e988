using BackupSidecar.Discovery;
using BackupSidecar.Docker;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>No labelled database is the one that is meant. The message says why; nothing was touched.</summary>
internal sealed class LabelException(string message) : Exception(message);

/// <summary>Looks once at what containers there are, and finds the one that is meant.</summary>
/// <param name="survey">Asks the engine for all containers, and says what their labels come to.</param>
internal sealed class LabelSearch(Func<CancellationToken, Task<IReadOnlyList<SurveyedContainer>>> survey)
{
    /// <summary>The databases of all containers whose labels are in force.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<IReadOnlyList<LabelledDatabase>> AllAsync(CancellationToken cancellation) =>
        [.. (await survey(cancellation)).Where(each => each.Standing == LabelStanding.BackedUp).Select(each => each.Reading.Database).OfType<LabelledDatabase>()];

    /// <summary>The database of a container, by its name or (the beginning of) its id.</summary>
    /// <exception cref="LabelException">There is none; the message says why.</exception>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<LabelledDatabase> FindAsync(string container, CancellationToken cancellation)
    {
        var all = await survey(cancellation);
        var found = all.FirstOrDefault(each => each.Container.Name == container)
            ?? all.Where(each => each.Container.Identity == container).MaxBy(each => each.Standing == LabelStanding.BackedUp)
            ?? (container.Length >= 12 ? all.FirstOrDefault(each => each.Summary.Id.StartsWith(container, StringComparison.Ordinal)) : null);
        return found switch
        {
            null => throw new LabelException($"There is no container '{container}'. With labels there are: {Names(all)}."),
            { Standing: LabelStanding.BackedUp, Reading.Database: { } database } => database,
            { Reading.Problems: [_, ..] problems } => throw new LabelException($"The labels of {found.Container.Name} cannot be used: {string.Join(' ', problems)}"),
            { Refusal: { } refusal } => throw new LabelException($"{found.Container.Name} is not backed up: {refusal}"),
            _ => throw new LabelException($"{found.Container.Name} has no labels that are in force here (backup-sidecar explain {found.Container.Name}). With labels there are: {Names(all)}."),
        };
    }

    /// <summary>What stays the same of all containers there are, with labels or without, when they are made anew.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<IReadOnlySet<string>> IdentitiesAsync(CancellationToken cancellation) =>
        (await survey(cancellation)).Select(each => each.Container.Identity).ToHashSet();

    private static string Names(IReadOnlyList<SurveyedContainer> all)
    {
        var names = all.Where(each => each.Standing == LabelStanding.BackedUp).Select(each => each.Container.Name).ToList();
        return names.Count == 0 ? "none" : string.Join(", ", names);
    }
}
