namespace BackupSidecar.Configuration.Values;

/// <summary>Finds what somebody most likely meant to type.</summary>
internal static class Nearest
{
    /// <summary>The candidate with the fewest edits from the text, case aside; null if none resembles it.</summary>
    public static string? To(string text, IEnumerable<string> candidates)
    {
        // Longer than any name of ours: no name resembles it, and the comparison costs the product of the lengths.
        if (text.Length > 100)
            return null;
        var best = candidates
            .Select(candidate => (Name: candidate, Edits: Edits(text.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .MinBy(candidate => candidate.Edits);
        return best.Name is not null && best.Edits <= Math.Max(2, text.Length / 2) ? best.Name : null;
    }

    private static int Edits(string from, string to)
    {
        var before = Enumerable.Range(0, to.Length + 1).ToArray();
        var row = new int[to.Length + 1];
        for (var i = 1; i <= from.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = before[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(before[j], row[j - 1]) + 1);
            }

            (before, row) = (row, before);
        }

        return before[^1];
    }
}
