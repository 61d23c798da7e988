using System.Globalization;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary><c>list</c>: what there is to restore, in all stores, newest first.</summary>
internal static class ListCommand
{
    /// <summary>The last column, which needs no width.</summary>
    private const int Sources = 5;

    public static async Task<int> ExecuteAsync(bool json, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        var catalog = await program.CatalogReader().ReadAsync(signals.Token);
        var labelled = await program.LabelCatalogReader().ReadAsync(signals.Token);
        var (verified, marks) = Past(program);
        if (json)
            await Console.Out.WriteLineAsync(ListJson.Of([.. catalog.Entries, .. labelled.Entries], verified, marks));
        else
            await Console.Out.WriteAsync(Text(program, catalog, labelled, verified, marks));
        // A store that cannot be listed says so for both kinds.
        foreach (var problem in catalog.Problems.Concat(labelled.Problems).Distinct())
            await Console.Error.WriteLineAsync(program.Reading.Redactor.Redact(problem));
        return catalog.IsWhole && labelled.IsWhole ? (int)RunOutcome.Succeeded
            : catalog.Entries.Count + labelled.Entries.Count > 0 ? (int)RunOutcome.Partial
            : (int)RunOutcome.Failed;
    }

    /// <summary>What there is to restore is told even where the history or the marks cannot be read.</summary>
    private static (PastVerifications Verified, BackupMarks Marks) Past(Composition program)
    {
        var (verified, marks) = (new PastVerifications([]), BackupMarks.None);
        try
        {
            var runs = program.Verifications.ReadNewestFirst().Concat(program.History.ReadNewestFirst()).Concat(program.LabelHistory.ReadNewestFirst());
            verified = new PastVerifications(runs.OrderByDescending(run => run.FinishedAt));
            marks = program.Marks.Read();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            program.Log.LogWarning(
                "What is known of past verifications in {State} cannot be read, so not all that is bad is shown: {Problem}", program.Settings.Paths.State, failure.Message);
        }
        return (verified, marks);
    }

    private static string Text(Composition program, Catalog catalog, Catalog labelled, PastVerifications verified, BackupMarks marks)
    {
        var zone = program.Settings.TimeZone;
        var archives = Text($"backups of {program.Settings.Name}", program.Stores, "TIMESTAMP", "SOURCES", catalog.Entries, verified, marks, zone, "TIMESTAMP");
        if (program.Settings.Labels is null)
            return archives;
        var dumps = Text("backups of labelled databases", program.LabelStores, "BACKUP", "CONTAINER", labelled.Entries, verified, marks, zone, "CONTAINER, or restore BACKUP");
        // Where nothing but labels says what is backed up there are no archives to be missed.
        return !program.MakesArchives && catalog.Entries.Count == 0 ? dumps : $"{archives}\n{dumps}";
    }

    private static string Text(
        string what, IReadOnlyList<IBackupStore> stores, string first, string last, IReadOnlyList<CatalogEntry> entries,
        PastVerifications verified, BackupMarks marks, TimeZoneInfo zone, string restored)
    {
        var places = string.Join(" and ", stores.Select(store => store.Location));
        if (entries.Count == 0)
            return $"Available {what} in {places}: none\n";
        List<string[]> rows = [[first, "SIZE", "STATE", "STORES", "VERIFIED", last]];
        rows.AddRange(entries.Select(entry => new[]
        {
            entry.Name.ShortName,
            ReportText.Size(entry.Copies.Max(copy => copy.Bytes)),
            Catalog.Word(entry.State) + (marks.OfBackup(entry.Name.FileName) is { IsOpen: true } ? ", needs attention" : ""),
            string.Join(", ", entry.Copies.Select(copy => Store(copy, entry))),
            Verified(entry, verified, marks, zone),
            entry.Manifest?.Container?.Name ?? string.Join(", ", entry.Manifest?.Sources.Select(Source) ?? ["?"]),
        }));
        var widths = Enumerable.Range(0, Sources).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var table = rows.Select(row => string.Join("  ", row.Select((cell, column) => column < Sources ? cell.PadRight(widths[column]) : cell)));
        var notes = entries.SelectMany(entry => entry.Copies
            .Where(copy => copy.Problem is not null)
            .Select(copy => $"{entry.Name.ShortName} in {copy.Store}: {copy.Problem}")
            .Concat(Held(entry, marks)));
        return $"Available {what} in {places}:\n\n{string.Join('\n', table)}\n{string.Concat(notes.Select(note => $"\n{note}"))}"
            + $"\nRestore one with: restore {restored}\n";
    }

    private static string Source(ManifestSource source) =>
        source.State == SourceState.Complete ? source.Entry : $"{source.Entry} ({ListJson.Word(source.State)})";

    private static string Store(StoredCopy copy, CatalogEntry entry) =>
        copy.State == entry.State ? copy.Store : $"{copy.Store} ({Catalog.Word(copy.State)})";

    /// <summary>When and how closely, per store where the stores differ in that; "-" where no copy was ever verified.</summary>
    private static string Verified(CatalogEntry entry, PastVerifications verified, BackupMarks marks, TimeZoneInfo zone)
    {
        var words = entry.Copies
            .Select(copy => (copy.Store, Word: Word(entry.Name.FileName, copy.Store)))
            .ToList();
        if (words.TrueForAll(copy => copy.Word == words[0].Word))
            return words[0].Word ?? "-";
        return string.Join(", ", words.Where(copy => copy.Word is not null).Select(copy => $"{copy.Word} ({copy.Store})"));

        // A refusal outlives the history that it stood in.
        string? Word(string archive, string store) =>
            verified.Of(archive, store) is var past && past?.Copy.Result != VerificationResult.Refused && marks.OfCopy(archive, store) is { } mark
                ? $"{Show(mark.Since, zone)} REFUSED"
                : past is null ? null : Of(past, zone);
    }

    /// <summary>What is held against a backup, and what to say if it is known: until then nothing is pruned.</summary>
    private static IEnumerable<string> Held(CatalogEntry entry, BackupMarks marks) =>
        marks.All.Where(mark => mark.Archive == entry.Name.FileName && (mark.Store is null || entry.Copies.Any(copy => copy.Store == mark.Store)))
            .Select(mark => $"{entry.Name.ShortName}{(mark.Store is null ? " needs attention" : $" in {mark.Store} is bad")}: {mark.Problem.TrimEnd('.')}. "
                + (mark.IsOpen ? $"If you know: backup-sidecar accept {entry.Name.ShortName}" : "Accepted."));

    private static string Of(PastVerification past, TimeZoneInfo zone) =>
        $"{Show(past.At, zone)} {(past.Copy.Result == VerificationResult.Good ? ReportText.Word(past.Copy.Level) : "REFUSED")}";

    private static string Show(DateTimeOffset time, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
