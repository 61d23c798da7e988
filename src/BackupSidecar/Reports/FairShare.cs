using System.Text;

namespace BackupSidecar.Reports;

/// <summary>
/// What of a history is kept where there is no room for all: of each backup the newest runs and the newest that succeeded, in turns, so that
/// one that is made every minute does not push out what another needs, which is made once a week.
/// </summary>
internal static class FairShare
{
    /// <param name="newestFirst">The history.</param>
    /// <param name="room">How many bytes may be kept, with the ends of lines.</param>
    /// <returns>The lines, oldest first.</returns>
    public static IReadOnlyList<string> Of(IReadOnlyList<(string Line, RunReport Run)> newestFirst, long room)
    {
        var runs = new Dictionary<string, int>();
        var good = new Dictionary<string, int>();
        var ranks = newestFirst.Select(each => Math.Min(
            Next(runs, each.Run.BackupName),
            each.Run is { Kind: RunKind.Backup, Outcome: RunOutcome.Succeeded } ? Next(good, each.Run.BackupName) : int.MaxValue)).ToList();
        var bytes = 0L;
        return
        [
            .. Enumerable.Range(0, newestFirst.Count)
                .OrderBy(age => ranks[age]).ThenBy(age => age)
                .TakeWhile(age => (bytes += Encoding.UTF8.GetByteCount(newestFirst[age].Line) + 1) <= room)
                .OrderDescending()
                .Select(age => newestFirst[age].Line),
        ];
    }

    /// <summary>How many of this backup came before.</summary>
    private static int Next(Dictionary<string, int> counts, string backup)
    {
        var count = counts.GetValueOrDefault(backup);
        counts[backup] = count + 1;
        return count;
    }
}
