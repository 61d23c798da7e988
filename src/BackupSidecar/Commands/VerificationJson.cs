using System.Text;
using System.Text.Json;
using BackupSidecar.Reports;
using BackupSidecar.Runs;

namespace BackupSidecar.Commands;

/// <summary>A verification for machines: what <see cref="VerificationText"/> tells people.</summary>
internal static class VerificationJson
{
    public static string Of(RunReport report, VerificationLevel level, IEnumerable<CopyVerification> found)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("outcome", report.Outcome.ToString().ToLowerInvariant());
            json.WriteString("level", ReportText.Word(level));
            json.WriteStartArray("copies");
            foreach (var copy in found)
                Write(json, copy);
            json.WriteEndArray();
            Write(json, "problems", report.Problems);
            Write(json, "warnings", report.Warnings);
            json.WriteString("notChecked", VerificationText.NotChecked(level));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, CopyVerification found)
    {
        json.WriteStartObject();
        json.WriteString("timestamp", found.Name.Timestamp);
        json.WriteString("archive", found.Copy.Archive);
        json.WriteString("store", found.Copy.Store);
        json.WriteString("result", ReportText.Word(found.Copy.Result));
        if (found.Copy.Problem is { } problem)
            json.WriteString("problem", problem);
        json.WriteBoolean("authenticated", found.IsAuthenticated);
        json.WriteStartArray("sources");
        foreach (var source in found.Sources)
        {
            json.WriteStartObject();
            json.WriteString("kind", source.Source.Kind);
            json.WriteString("entry", source.Source.Entry);
            json.WriteNumber("bytes", source.Source.Bytes);
            json.WriteNumber("entries", source.Source.Entries);
            if (source.Reader is { } reader)
                json.WriteString("readBy", reader);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Write(json, "leftOpen", found.LeftOpen);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> sentences)
    {
        json.WriteStartArray(name);
        foreach (var sentence in sentences)
            json.WriteStringValue(sentence);
        json.WriteEndArray();
    }
}
