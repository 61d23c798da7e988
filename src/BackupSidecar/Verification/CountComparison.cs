using System.Globalization;
using BackupSidecar.Databases;
using BackupSidecar.Reports.Drills;

namespace BackupSidecar.Verification;

/// <summary>What was counted after a restore, beside what the manifest says. <see cref="Problem"/> names the first tables that differ; null if none does.</summary>
internal sealed record CountComparison(IReadOnlyList<ComparedCount> Counts, string? Problem, IReadOnlyList<string> Remarks)
{
    private const int MostNamed = 5;

    /// <summary>Every number of the manifest must be found.</summary>
    public static CountComparison Of(IReadOnlyDictionary<string, long> expected, FoundCounts found)
    {
        var counts = Pair(expected, found.Counts);
        if (expected.Count == 0)
            return new CountComparison(counts, Problem: null, ["its manifest has no counts, so the rows were not compared"]);
        var differing = counts.Where(count => count.Expected is { } wanted && wanted != (count.Found ?? 0)).ToList();
        if (differing.Count > 0 && MayHaveRunOut(differing, found.RanOut))
            return new CountComparison(counts, Problem: null, [RanOut(differing)]);
        return new CountComparison(counts, Differ(counts, differing), [.. Unexpected(counts)]);
    }

    /// <summary>What belongs to a server as a whole may be there already: a scratch server has a superuser of its own.</summary>
    public static CountComparison AtLeast(IReadOnlyDictionary<string, long> expected, FoundCounts found)
    {
        var counts = Pair(expected, found.Counts);
        return new CountComparison(counts, Differ(counts, [.. counts.Where(count => count.Expected > (count.Found ?? 0))]), []);
    }

    private static List<ComparedCount> Pair(IReadOnlyDictionary<string, long> expected, IReadOnlyDictionary<string, long> found) =>
        [.. expected.Keys.Union(found.Keys).Order(StringComparer.Ordinal).Select(name => new ComparedCount(name, Of(expected, name), Of(found, name)))];

    private static long? Of(IReadOnlyDictionary<string, long> counts, string name) => counts.TryGetValue(name, out var count) ? count : null;

    /// <summary>Keys whose time to live ends between the backup and the drill are gone, and the server says how many those are.</summary>
    private static bool MayHaveRunOut(List<ComparedCount> differing, long? ranOut) =>
        differing.TrueForAll(count => count.Expected > (count.Found ?? 0)) && (ranOut is null || ranOut == Lacking(differing));

    private static long Lacking(IEnumerable<ComparedCount> differing) => differing.Sum(count => (count.Expected ?? 0) - (count.Found ?? 0));

    private static string RanOut(List<ComparedCount> differing) =>
        $"{Number(Lacking(differing))} keys are gone because their time to live has ended since the backup";

    private static string? Differ(List<ComparedCount> counts, List<ComparedCount> differing)
    {
        if (differing.Count == 0)
            return null;
        var named = differing.Take(MostNamed).Select(count =>
            $"{count.Name} holds {(count.Found is { } found ? Number(found) : "nothing, because it is not there")} instead of {Number(count.Expected ?? 0)}");
        var more = differing.Count > MostNamed ? $", and {differing.Count - MostNamed} more" : "";
        return $"{differing.Count} of {counts.Count(count => count.Expected is not null)} counts differ from the manifest's: {string.Join("; ", named)}{more}";
    }

    private static IEnumerable<string> Unexpected(List<ComparedCount> counts)
    {
        var names = counts.Where(count => count is { Expected: null, Found: > 0 }).Select(count => count.Name).ToList();
        if (names.Count > 0)
            yield return $"the manifest has no counts for {string.Join(", ", names.Take(MostNamed))}{(names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "")}, so these were not compared";
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
