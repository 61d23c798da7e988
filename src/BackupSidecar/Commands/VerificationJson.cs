using System.Text;
using System.Text.Json;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Runs;

namespace BackupSidecar.Commands;

/// <summary>A verification for machines: what <see cref="VerificationText"/> tells people.</summary>
internal static class VerificationJson
{
    public static string Of(RunReport report, VerificationLevel wanted, VerificationLevel reached, IEnumerable<CopyVerification> found)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("outcome", report.Outcome.ToString().ToLowerInvariant());
            json.WriteString("level", ReportText.Word(wanted));
            json.WriteStartArray("copies");
            foreach (var copy in found)
                Write(json, copy);
            json.WriteEndArray();
            Write(json, "problems", report.Problems);
            Write(json, "warnings", report.Warnings);
            json.WriteString("notChecked", VerificationText.NotChecked(reached));
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
        json.WriteString("level", ReportText.Word(found.Copy.Level));
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
            if (found.Drill?.Sources.FirstOrDefault(each => each.Entry == source.Source.Entry) is { } drilled)
                Write(json, drilled);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Write(json, "leftOpen", found.LeftOpen);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, DrilledSource drilled)
    {
        json.WriteStartObject("drill");
        json.WriteString("outcome", VerificationText.Word(drilled.Outcome));
        if (drilled.Image is { } image)
            json.WriteString("image", image);
        if (drilled.LoadSeconds is { } seconds)
            json.WriteNumber("loadSeconds", Math.Round(seconds, 3));
        json.WriteNumber("counts", drilled.Compared.Count);
        json.WriteNumber("agreeingCounts", drilled.Compared.Count(drilled.Agrees));
        json.WriteNumber("assertions", drilled.Assertions.Count);
        json.WriteNumber("trueAssertions", drilled.Assertions.Count(each => each.Problem is null));
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
