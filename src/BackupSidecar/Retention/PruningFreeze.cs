using System.Globalization;
using BackupSidecar.Reports;

namespace BackupSidecar.Retention;

/// <summary>
/// What keeps a store from being pruned until a person has looked: a copy that went bad there, because its neighbours may be
/// next; and a backup that has lost most of its size, because the old ones may be all that is left of what it lost.
/// </summary>
internal static class PruningFreeze
{
    /// <summary>Whole sentences with what to do, or null if pruning may go on.</summary>
    /// <param name="store">The store.</param>
    /// <param name="marks">All marks.</param>
    /// <param name="archives">The archives of which anything at all is in the store.</param>
    /// <param name="candidates">The backups in it.</param>
    /// <param name="zone">That of the times in the text.</param>
    public static string? Reason(
        string store, BackupMarks marks, IReadOnlySet<string> archives, IReadOnlyCollection<RetentionCandidate> candidates, TimeZoneInfo zone)
    {
        var open = marks.All.Where(mark => mark.IsOpen && archives.Contains(mark.Archive)).ToList();
        if (open.FindAll(mark => mark.Store == store) is [var bad, ..] copies)
            return Bad(bad, copies.Count, store, zone);
        var newestGood = candidates.Where(candidate => candidate.IsGood).Select(candidate => candidate.StartedAt).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        var suspect = candidates.Where(candidate => candidate.StartedAt > newestGood)
            .Select(candidate => open.Find(mark => mark.Store is null && mark.Archive == candidate.Archive))
            .FirstOrDefault(mark => mark is not null);
        return suspect is null ? null : NeedsAttention(suspect, store, zone);
    }

    private static string Bad(BackupMark mark, int copies, string store, TimeZoneInfo zone) =>
        $"Nothing is pruned in the store '{store}': {mark.Archive} is bad there since {Show(mark.Since, zone)}"
        + $"{(copies > 1 ? $", and so are {copies - 1} more, which 'list' shows" : "")}. {Sentence(mark.Problem)} "
        + $"Have a look at that store. Pruning goes on when a verification finds the copy good again (backup-sidecar verify {mark.Archive} --from {store} "
        + $"--level {ReportText.Word(mark.RefusedAt!.Value)}), when its files are removed, or when you say that you know: backup-sidecar accept {(copies > 1 ? "--all" : mark.Archive)}";

    private static string NeedsAttention(BackupMark mark, string store, TimeZoneInfo zone) =>
        $"Nothing is pruned in the store '{store}': {mark.Archive} needs attention since {Show(mark.Since, zone)}. {Sentence(mark.Problem)} "
        + $"If that is as it should be: backup-sidecar accept {mark.Archive}. A later backup of the usual size lets pruning go on, too.";

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";

    private static string Show(DateTimeOffset time, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
