using System.Globalization;
using System.Text.Json;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
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
        var verified = Past(program);
        if (json)
            await Console.Out.WriteLineAsync(Json(catalog, verified));
        else
            await Console.Out.WriteAsync(Text(program, catalog, verified));
        foreach (var problem in catalog.Problems)
            await Console.Error.WriteLineAsync(program.Reading.Redactor.Redact(problem));
        return catalog.IsWhole ? (int)RunOutcome.Succeeded : catalog.Entries.Count > 0 ? (int)RunOutcome.Partial : (int)RunOutcome.Failed;
    }

    /// <summary>What there is to restore is told even where the history cannot be read.</summary>
    private static PastVerifications Past(Composition program)
    {
        try
        {
            var runs = program.Verifications.ReadNewestFirst().Concat(program.History.ReadNewestFirst());
            return new PastVerifications(runs.OrderByDescending(run => run.FinishedAt));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            program.Log.LogWarning("The history in {State} cannot be read, so past verifications are not shown: {Problem}", program.Settings.Paths.State, failure.Message);
            return new PastVerifications([]);
        }
    }

    private static string Text(Composition program, Catalog catalog, PastVerifications verified)
    {
        var places = string.Join(" and ", program.Stores.Select(store => store.Location));
        if (catalog.Entries.Count == 0)
            return $"Available backups of {program.Settings.Name} in {places}: none\n";
        List<string[]> rows = [["TIMESTAMP", "SIZE", "STATE", "STORES", "VERIFIED", "SOURCES"]];
        rows.AddRange(catalog.Entries.Select(entry => new[]
        {
            entry.Name.Timestamp,
            ReportText.Size(entry.Copies.Max(copy => copy.Bytes)),
            Catalog.Word(entry.State),
            string.Join(", ", entry.Copies.Select(copy => Store(copy, entry))),
            Verified(entry, verified, program.Settings.TimeZone),
            string.Join(", ", entry.Manifest?.Sources.Select(Source) ?? ["?"]),
        }));
        var widths = Enumerable.Range(0, Sources).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var table = rows.Select(row => string.Join("  ", row.Select((cell, column) => column < Sources ? cell.PadRight(widths[column]) : cell)));
        var notes = catalog.Entries.SelectMany(entry => entry.Copies
            .Where(copy => copy.Problem is not null)
            .Select(copy => $"{entry.Name.Timestamp} in {copy.Store}: {copy.Problem}"));
        return $"Available backups of {program.Settings.Name} in {places}:\n\n{string.Join('\n', table)}\n{string.Concat(notes.Select(note => $"\n{note}"))}"
            + "\nRestore one with: restore TIMESTAMP\n";
    }

    private static string Source(ManifestSource source) =>
        source.State == SourceState.Complete ? source.Entry : $"{source.Entry} ({Word(source.State)})";

    private static string Word(SourceState state) => state.ToString().ToLowerInvariant();

    private static string Store(StoredCopy copy, CatalogEntry entry) =>
        copy.State == entry.State ? copy.Store : $"{copy.Store} ({Catalog.Word(copy.State)})";

    /// <summary>When and how closely, per store where the stores differ in that; "-" where no copy was ever verified.</summary>
    private static string Verified(CatalogEntry entry, PastVerifications verified, TimeZoneInfo zone)
    {
        var words = entry.Copies
            .Select(copy => (copy.Store, Past: verified.Of(entry.Name.FileName, copy.Store)))
            .Select(copy => (copy.Store, Word: copy.Past is { } past ? Word(past, zone) : null))
            .ToList();
        if (words.TrueForAll(copy => copy.Word == words[0].Word))
            return words[0].Word ?? "-";
        return string.Join(", ", words.Where(copy => copy.Word is not null).Select(copy => $"{copy.Word} ({copy.Store})"));
    }

    private static string Word(PastVerification past, TimeZoneInfo zone)
    {
        var when = TimeZoneInfo.ConvertTime(past.At, zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return past.Copy.Result == VerificationResult.Good ? $"{when} {ReportText.Word(past.Copy.Level)}" : $"{when} REFUSED";
    }

    private static string Json(Catalog catalog, PastVerifications verified)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var entry in catalog.Entries)
                Write(json, entry, verified);
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, CatalogEntry entry, PastVerifications verified)
    {
        json.WriteStartObject();
        json.WriteString("timestamp", entry.Name.Timestamp);
        json.WriteString("archive", entry.Name.FileName);
        json.WriteString("state", Catalog.Word(entry.State));
        json.WriteStartArray("stores");
        foreach (var copy in entry.Copies)
        {
            json.WriteStartObject();
            json.WriteString("store", copy.Store);
            json.WriteNumber("bytes", copy.Bytes);
            json.WriteString("state", Catalog.Word(copy.State));
            if (copy.Problem is not null)
                json.WriteString("problem", copy.Problem);
            if (verified.Of(entry.Name.FileName, copy.Store) is { } past)
                Write(json, past);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (entry.Manifest is { } manifest)
        {
            json.WriteString("startedAt", manifest.StartedAt);
            json.WriteString("runId", manifest.RunId);
            json.WriteStartArray("sources");
            foreach (var source in manifest.Sources)
            {
                json.WriteStartObject();
                json.WriteString("kind", source.Kind);
                json.WriteString("entry", source.Entry);
                json.WriteString("origin", source.Origin);
                json.WriteString("state", Word(source.State));
                json.WriteNumber("bytes", source.Bytes);
                json.WriteNumber("entries", source.Entries);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PastVerification past)
    {
        json.WriteStartObject("verified");
        json.WriteString("at", past.At);
        json.WriteString("level", ReportText.Word(past.Copy.Level));
        json.WriteString("result", ReportText.Word(past.Copy.Result));
        if (past.Copy.Problem is not null)
            json.WriteString("problem", past.Copy.Problem);
        json.WriteEndObject();
    }
}
