using BackupSidecar.Configuration;
using BackupSidecar.Docker;

namespace BackupSidecar.Discovery;

/// <summary>
/// Looks at the labels of all containers together: whose are read, which containers ask, and which of two that stand for the same
/// service is meant. From the same containers it always makes the same of them.
/// </summary>
/// <param name="scope">Whose labels are read.</param>
/// <param name="project">Our Compose project, or null where it is not known.</param>
/// <param name="ownContainer">The id of the container that this program runs in, or null.</param>
/// <param name="policy">What labels may ask for.</param>
internal sealed class LabelSurvey(LabelScope scope, string? project, string? ownContainer, LabelPolicy policy)
{
    /// <summary>The containers by their names, without our own and those that we make.</summary>
    public IReadOnlyList<SurveyedContainer> Of(IReadOnlyList<ContainerSummary> containers)
    {
        var read = containers
            .Where(container => container.Id != ownContainer && container.Label(OwnLabels.Drill) is null)
            .Reverse() // The engine lists the newest first, and tells whole seconds only.
            .OrderBy(container => container.Created)
            .Select(Read)
            .ToList();
        var standing = Identities.Settle(read).OrderBy(each => each.Container.Name, StringComparer.Ordinal).ToList();
        return [.. standing.Select(each => Conflict(each, standing) is { } conflict ? each with { Remarks = [.. each.Remarks, conflict] } : each)];
    }

    private SurveyedContainer Read(ContainerSummary summary)
    {
        var container = LabelledContainer.From(summary);
        var reading = LabelBackupDialect.Read(container, policy);
        return new SurveyedContainer(summary, container, Standing(container, reading), reading) { IsInScope = IsInScope(container) };
    }

    private LabelStanding Standing(LabelledContainer container, LabelReading reading)
    {
        if (reading.Database is null && reading.Problems.Count == 0)
            return LabelStanding.NotAsked;
        if (!IsInScope(container))
            return LabelStanding.OutOfScope;
        if (container.IsOneOff)
            return LabelStanding.OneOff;
        return reading.Database is null ? LabelStanding.Rejected : LabelStanding.BackedUp;
    }

    private bool IsInScope(LabelledContainer container) => scope == LabelScope.All || (project is not null && container.Project == project);

    /// <summary>Files of two databases under one name could not be told apart, and would be forgotten as those of one.</summary>
    private static string? Conflict(SurveyedContainer each, List<SurveyedContainer> all)
    {
        if (each is not { Standing: LabelStanding.BackedUp, Reading.Database: { } database })
            return null;
        var others = all
            .Where(other => other.Standing == LabelStanding.BackedUp && other.Summary.Id != each.Summary.Id && other.Reading.Database is { } theirs
                && (theirs.Kind, theirs.Database, theirs.Prefix) == (database.Kind, database.Database, database.Prefix)
                && theirs.Stores.Intersect(database.Stores).Any())
            .ToList();
        var names = string.Join(", ", others.Select(other => other.Container.Name));
        return others.Count == 0 ? null
            // They have one set of labels.
            : others.All(other => other.Container.IsOfServiceOf(each.Container)) ? $"its backups lie beside those of {names}, of the same service: 'list' says whose each is, and 'restore {each.Container.Name}' takes its own."
            : $"its backups have the same names as those of {names}, and cannot be told apart: give each a backup.prefix of its own.";
    }
}
