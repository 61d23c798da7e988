using BackupSidecar.Docker;

namespace BackupSidecar.Discovery;

/// <summary>
/// Decides which of several containers with one identity is the one that is meant. One that has ended makes room for the one that was
/// made in its place; of those that have not, the one that was there first stays, because anybody may write Compose's labels on a container.
/// </summary>
internal static class Identities
{
    /// <summary>The same containers, each with its standing among those of its identity.</summary>
    /// <param name="containers">The one that was made first is first.</param>
    public static IEnumerable<SurveyedContainer> Settle(IReadOnlyList<SurveyedContainer> containers)
    {
        var rivals = containers.Where(each => !each.Container.IsOneOff).ToLookup(each => each.Container.Identity);
        return containers.Select(each => IsAsked(each) ? Settle(each, [.. rivals[each.Container.Identity]]) : each);
    }

    private static SurveyedContainer Settle(SurveyedContainer each, IReadOnlyList<SurveyedContainer> same)
    {
        if (same.Count == 1)
            return each;
        var meant = same.FirstOrDefault(other => other.IsLive) ?? same.Last(IsAsked); // It is asked itself.
        if (meant == each)
            return each with { Reading = each.Reading with { Database = each.Reading.Database is { } database ? database with { Rival = Rival(each, same) } : null } };
        if (!each.IsLive)
            return each with { Standing = LabelStanding.Replaced };
        var why = $"by its labels ({each.Container.Identity}) it is the same container as {meant.Container.Name}, which runs and was there first. "
            + "Start it with its own Compose, which counts them, or without Compose's labels.";
        return each with { Standing = LabelStanding.Duplicate, Refusal = why, Remarks = [.. each.Remarks, $"NOT backed up: {why}"] };
    }

    /// <summary>Swarm leaves tasks lie that have ended; Compose removes what it has replaced.</summary>
    private static string? Rival(SurveyedContainer meant, IReadOnlyList<SurveyedContainer> same) =>
        same.FirstOrDefault(other => other != meant && (other.IsLive || other.Container.Label(ComposeLabels.Service) is not null))?.Container.Name;

    private static bool IsAsked(SurveyedContainer each) => each.Standing is LabelStanding.BackedUp or LabelStanding.Rejected;
}
