using System.Text;
using System.Text.Json;
using BackupSidecar.Archives;
using BackupSidecar.Reports;
using BackupSidecar.Runs;

namespace BackupSidecar.Commands;

/// <summary>The list for machines.</summary>
internal static class ListJson
{
    public static string Of(IReadOnlyList<CatalogEntry> entries, PastVerifications verified, BackupMarks marks)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var entry in entries)
                Write(json, entry, verified, marks);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public static string Word(SourceState state) => state.ToString().ToLowerInvariant();

    private static void Write(Utf8JsonWriter json, CatalogEntry entry, PastVerifications verified, BackupMarks marks)
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
            if (marks.OfCopy(entry.Name.FileName, copy.Store) is { } bad)
                Write(json, "bad", bad);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (marks.OfBackup(entry.Name.FileName) is { } attention)
            Write(json, "needsAttention", attention);
        if (entry.Manifest is { } manifest)
        {
            json.WriteString("startedAt", manifest.StartedAt);
            json.WriteString("runId", manifest.RunId);
            if (manifest.Container is { } container)
                json.WriteString("container", container.Name);
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
    private static void Write(Utf8JsonWriter json, string name, BackupMark mark)
    {
        json.WriteStartObject(name);
        json.WriteString("since", mark.Since);
        json.WriteString("problem", mark.Problem);
        json.WriteBoolean("accepted", !mark.IsOpen);
        json.WriteEndObject();
    }
}
