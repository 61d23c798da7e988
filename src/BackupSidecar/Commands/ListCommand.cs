using System.Text.Json;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Runs;

namespace BackupSidecar.Commands;

/// <summary><c>list</c>: what there is to restore, in all stores, newest first.</summary>
internal static class ListCommand
{
    public static async Task<int> ExecuteAsync(bool json, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        var catalog = await program.CatalogReader().ReadAsync(signals.Token);
        if (json)
            await Console.Out.WriteLineAsync(Json(catalog));
        else
            await Console.Out.WriteAsync(Text(program, catalog));
        foreach (var problem in catalog.Problems)
            await Console.Error.WriteLineAsync(program.Reading.Redactor.Redact(problem));
        return catalog.IsWhole ? (int)RunOutcome.Succeeded : catalog.Entries.Count > 0 ? (int)RunOutcome.Partial : (int)RunOutcome.Failed;
    }

    private static string Text(Composition program, Catalog catalog)
    {
        var places = string.Join(" and ", program.Stores.Select(store => store.Location));
        if (catalog.Entries.Count == 0)
            return $"Available backups of {program.Settings.Name} in {places}: none\n";
        List<string[]> rows = [["TIMESTAMP", "SIZE", "STATE", "STORES", "SOURCES"]];
        rows.AddRange(catalog.Entries.Select(entry => new[]
        {
            entry.Name.Timestamp,
            ReportText.Size(entry.Copies.Max(copy => copy.Bytes)),
            Catalog.Word(entry.State),
            string.Join(", ", entry.Copies.Select(copy => Store(copy, entry))),
            string.Join(", ", entry.Manifest?.Sources.Select(source => source.Entry) ?? ["?"]),
        }));
        var widths = Enumerable.Range(0, 4).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var table = rows.Select(row => string.Join("  ", row.Select((cell, column) => column < 4 ? cell.PadRight(widths[column]) : cell)));
        var notes = catalog.Entries.SelectMany(entry => entry.Copies
            .Where(copy => copy.Problem is not null)
            .Select(copy => $"{entry.Name.Timestamp} in {copy.Store}: {copy.Problem}"));
        return $"Available backups of {program.Settings.Name} in {places}:\n\n{string.Join('\n', table)}\n{string.Concat(notes.Select(note => $"\n{note}"))}"
            + "\nRestore one with: restore TIMESTAMP\n";
    }

    private static string Store(StoredCopy copy, CatalogEntry entry) =>
        copy.State == entry.State ? copy.Store : $"{copy.Store} ({Catalog.Word(copy.State)})";

    private static string Json(Catalog catalog)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var entry in catalog.Entries)
                Write(json, entry);
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, CatalogEntry entry)
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
                json.WriteString("state", source.State.ToString().ToLowerInvariant());
                json.WriteNumber("bytes", source.Bytes);
                json.WriteNumber("entries", source.Entries);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
