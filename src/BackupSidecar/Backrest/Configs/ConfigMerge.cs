using System.Text.Json.Nodes;
using BackupSidecar.Backrest.Plans;

namespace BackupSidecar.Backrest.Configs;

/// <summary>The plans that there should be, and whose plans may be touched for that.</summary>
internal sealed record PlanChanges
{
    /// <summary>One for each id.</summary>
    public required IReadOnlyList<BackrestPlan> Wanted { get; init; }

    /// <summary>Which plans are ours, by their names.</summary>
    public required Func<string, bool> IsOurs { get; init; }

    /// <summary>The names of plans whose containers are there, also of those that have no plan now.</summary>
    public required IReadOnlySet<string> Living { get; init; }

    /// <summary>Whether plans of ours whose container is gone are removed.</summary>
    public bool Prune { get; init; }

    /// <summary>Whether the modification number goes up.</summary>
    public bool CountsUp { get; init; }
}

/// <summary>What became of the text, and of each plan by its name.</summary>
internal sealed record MergeResult
{
    /// <summary>The new text, or null if nothing is to change.</summary>
    public byte[]? Text { get; init; }

    public required IReadOnlyList<string> Added { get; init; }

    public required IReadOnlyList<string> Updated { get; init; }

    public required IReadOnlyList<string> Removed { get; init; }

    /// <summary>Plans of ours whose container is gone, and that stay because nobody asked to remove them.</summary>
    public required IReadOnlyList<string> Stale { get; init; }

    /// <summary>Names that a plan of somebody else's has; it is left alone.</summary>
    public required IReadOnlyList<string> Taken { get; init; }

    public int Total { get; init; }

    public int Changes => Added.Count + Updated.Count + Removed.Count;
}

/// <summary>Puts plans into a configuration: a function from texts to texts. What is not ours keeps its place and its bytes.</summary>
internal static class ConfigMerge
{
    public static MergeResult Merge(ConfigText text, PlanChanges changes)
    {
        var wanted = changes.Wanted.ToDictionary(plan => plan.Id);
        var (updated, removed, stale, taken) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        var entries = new List<PlanEntry>();
        foreach (var (existing, index) in text.Plans.Select((plan, index) => (plan, index)))
        {
            var id = existing.TextOf("id");
            if (!wanted.Remove(id, out var plan))
            {
                var isStale = changes.IsOurs(id) && !changes.Living.Contains(id);
                if (isStale)
                    (changes.Prune ? removed : stale).Add(id);
                if (!isStale || !changes.Prune)
                    entries.Add(new PlanEntry(index));
                continue;
            }
            var differs = !PlanJson.Says(existing, plan);
            if (differs)
                (changes.IsOurs(id) ? updated : taken).Add(id);
            entries.Add(differs && changes.IsOurs(id)
                ? new PlanEntry(index, PlanJson.Update(JsonObject.Create(existing)!, plan)) // What has an id is an object.
                : new PlanEntry(index));
        }
        var added = wanted.Values.OrderBy(plan => plan.Id, StringComparer.Ordinal).ToList();
        entries.AddRange(added.Select(plan => new PlanEntry(-1, PlanJson.Write(plan))));
        return new MergeResult
        {
            Text = added.Count + updated.Count + removed.Count > 0 ? text.With(entries, changes.CountsUp) : null,
            Added = [.. added.Select(plan => plan.Id)],
            Updated = updated,
            Removed = removed,
            Stale = stale,
            Taken = taken,
            Total = entries.Count,
        };
    }
}
