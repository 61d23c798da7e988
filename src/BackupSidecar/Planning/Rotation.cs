namespace BackupSidecar.Planning;

/// <summary>A stored copy of which the bytes are to be read again: its size, and when they were read, or written, last.</summary>
internal sealed record RotationCopy(string Archive, string Store, long Bytes, DateTimeOffset LastRead);

/// <summary>
/// Chooses whose stored bytes a scheduled verification reads again, those first that were not read for longest. Every copy is
/// read within a month, even if now and then a verification is missed; no run reads much more than any other.
/// </summary>
internal static class Rotation
{
    /// <summary>A day less than a month: a verification takes its time, too.</summary>
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    /// <param name="copies">All that are stored.</param>
    /// <param name="now">The time of this verification.</param>
    /// <param name="interval">The longest time until the next one.</param>
    public static IReadOnlyList<RotationCopy> Choose(IEnumerable<RotationCopy> copies, DateTimeOffset now, TimeSpan interval)
    {
        var longestAgoFirst = copies
            .OrderBy(copy => copy.LastRead).ThenBy(copy => copy.Archive, StringComparer.Ordinal).ThenBy(copy => copy.Store, StringComparer.Ordinal).ToList();
        var share = longestAgoFirst.Sum(copy => copy.Bytes) / (decimal)Rounds(interval);
        var chosen = new List<RotationCopy>();
        foreach (var copy in longestAgoFirst)
        {
            var age = now - copy.LastRead;
            // The next verification may be missed, so it is the one after it that must not be too late.
            var cannotWait = age + interval + interval > Month;
            if (cannotWait || (age >= interval && chosen.Sum(each => each.Bytes) < share))
                chosen.Add(copy);
        }
        return chosen;
    }

    /// <summary>How many verifications may share the work, with one more than that fitting into a month.</summary>
    private static long Rounds(TimeSpan interval) => Math.Max(1, (long)Math.Floor((Month - interval) / interval));
}
