using System.Globalization;
using System.Text;

namespace BackupSidecar.Reports;

/// <summary>A report in words, for people: a headline, and a summary of a few lines that a third party may see.</summary>
internal static class ReportText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>One line: for a backup that succeeded, <c>NAME backup completed: TIMESTAMP</c>, and what it made up for.</summary>
    public static string Headline(RunReport report) => report.Outcome switch
    {
        RunOutcome.Succeeded => $"{report.BackupName} {report.Kind} completed: {Subject(report)}{MadeUp(report)}",
        RunOutcome.Partial when report.Attention.Count > 0 && IsWhole(report) => $"{report.BackupName} {report.Kind} needs attention: {Subject(report)}",
        RunOutcome.Partial => $"{report.BackupName} {report.Kind} is incomplete: {Subject(report)}",
        RunOutcome.NotStarted => $"{report.BackupName} {report.Kind} was not started",
        RunOutcome.Locked => $"{report.BackupName} {report.Kind} was not started: another run is going on",
        RunOutcome.Refused => $"{report.BackupName} {report.Kind} refused: {Subject(report)}",
        RunOutcome.Interrupted => $"{report.BackupName} {report.Kind} was interrupted",
        _ => $"{report.BackupName} {report.Kind} failed",
    };

    /// <summary>What went wrong, one sentence a line; the headline if there is nothing more to say.</summary>
    public static string ErrorMessage(RunReport report) =>
        report.Problems.Count > 0 ? string.Join('\n', report.Problems) : Headline(report);

    /// <summary>The headline, what went wrong, and what became of each source and store.</summary>
    public static string Summary(RunReport report)
    {
        var text = new StringBuilder(Headline(report)).Append('\n');
        foreach (var problem in report.Problems)
            text.Append("Problem: ").Append(problem).Append('\n');
        foreach (var warning in report.Warnings)
            text.Append("Warning: ").Append(warning).Append('\n');
        foreach (var source in report.Sources)
            text.Append($"Source {source.EntryName} ({source.Kind}): {source.Problem ?? Size(source.Bytes)}\n");
        foreach (var store in report.Stores)
            text.Append($"Store {store.Store}: {store.Problem ?? Stored(store)}{Retention(store)}\n");
        foreach (var copy in report.MadeUp)
            text.Append($"Made up for: {copy.Archive} in {copy.Store}{(copy.Checked is { } check ? $" ({Word(check)})" : "")}\n");
        foreach (var copy in report.Verified)
            text.Append($"Verified {copy.Archive} in {copy.Store}, {Word(copy.Level)}: {copy.Problem ?? Word(copy.Result)}\n");
        if (report.ArchiveBytes is { } bytes)
            text.Append($"Archive: {Size(bytes)}\n");
        if (report.ServicesStoppedFor is { } stopped)
            text.Append($"Services stopped for {Time(stopped)}\n");
        return text.Append($"Took {Time(report.Duration)}\n").ToString();
    }

    /// <summary>Bytes in the unit that reads best: <c>1.4 GiB</c>.</summary>
    public static string Size(long bytes)
    {
        var unit = 0;
        var size = (double)bytes;
        // Half a tenth below 1024 would be shown as 1024.0 of the smaller unit.
        for (; size >= 1023.95 && unit < Units.Length - 1; unit++)
            size /= 1024;
        return unit == 0 ? $"{bytes} B" : $"{size:0.0} {Units[unit]}";
    }

    /// <summary>The words of a verification's level and result.</summary>
    public static string Word(VerificationLevel level) => level.ToString().ToLowerInvariant();

    public static string Word(VerificationResult result) => result.ToString().ToLowerInvariant();

    private static bool IsWhole(RunReport report) =>
        report.Sources.All(source => source.Problem is null) && report.Stores.All(store => store.Problem is null);

    /// <summary>What was done with a copy to know that it is what was sent.</summary>
    public static string Word(UploadCheck check) => check switch
    {
        UploadCheck.Size => "size compared",
        UploadCheck.Samples => "size and samples compared",
        UploadCheck.Checksum => "the store's own checksum compared",
        UploadCheck.ReadBack => "read back",
        // Another version's history may know another.
        _ => check.ToString(),
    };

    private static string Subject(RunReport report) =>
        report.Timestamp ?? report.FinishedAt.ToString("u", CultureInfo.InvariantCulture);

    private static string MadeUp(RunReport report) => report.MadeUp switch
    {
        [] => "",
        [var copy] => $"; made up for: {copy.Archive} in {copy.Store}",
        { Count: var copies } => $"; made up for {copies} copies that stores had missed",
    };

    private static string Stored(StoreReport store) => store.Checked is { } check ? $"stored ({Word(check)})" : "stored";

    private static string Retention(StoreReport store) =>
        store is { Kept: { } kept, Removed: { } removed } ? $", {kept} backups kept, {removed} removed" : "";

    /// <summary>A length of time in one or two units: <c>3 min 5 s</c>.</summary>
    public static string Time(TimeSpan time) =>
        time < TimeSpan.FromMinutes(1) ? $"{time.TotalSeconds:0.0} s"
        : time < TimeSpan.FromHours(1) ? $"{(int)time.TotalMinutes} min {time.Seconds} s"
        : $"{(int)time.TotalHours} h {time.Minutes} min";
}
