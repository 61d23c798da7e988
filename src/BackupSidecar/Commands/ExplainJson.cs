using System.Text;
using System.Text.Json;
using BackupSidecar.Configuration;

namespace BackupSidecar.Commands;

/// <summary>The explanation for machines.</summary>
internal static class ExplainJson
{
    public static string Of(IReadOnlyList<ExplainedContainer> containers, LabelSettings? labels)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteBoolean("labelsAreRead", labels is not null);
            if (labels is not null)
                json.WriteString("scope", labels.Scope == LabelScope.All ? "all" : "project");
            json.WriteStartArray("containers");
            foreach (var container in containers)
                Write(json, container, labels);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ExplainedContainer container, LabelSettings? labels)
    {
        var found = container.Found;
        json.WriteStartObject();
        json.WriteString("container", found.Container.Name);
        json.WriteString("id", found.Summary.Id);
        json.WriteString("identity", found.Container.Identity);
        json.WriteString("containerState", found.Summary.State);
        json.WriteString("verdict", container.Verdict);
        if (container.NextRun is { } next && found.Reading.Database is { } database)
        {
            json.WriteString("type", database.Kind);
            json.WriteString("database", database.Database);
            json.WriteString("schedule", database.Cron);
            json.WriteString("nextRun", next);
            if (container.LastBegan is { } last)
                json.WriteString("lastBegan", last);
            Write(json, "stores", database.Stores);
            json.WriteString("prefix", database.Prefix);
            if ((database.Retention ?? labels?.Retention) is { } period)
                json.WriteNumber("retentionSeconds", (long)period.TotalSeconds);
        }
        Write(json, "problems", found.Reading.Problems);
        Write(json, "remarks", found.Remarks);
        if (container.Unprotected is not null)
            json.WriteString("unprotected", container.Unprotected);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
