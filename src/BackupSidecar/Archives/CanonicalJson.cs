using System.Text;
using System.Text.Json;

namespace BackupSidecar.Archives;

/// <summary>
/// One text for all spellings of the same JSON, so that it can be signed: members sorted by name, no white space, the
/// shortest escapes. Numbers stand as they were written.
/// </summary>
internal static class CanonicalJson
{
    /// <param name="root">An object.</param>
    /// <param name="except">A member of it that is left out.</param>
    /// <exception cref="InvalidOperationException">A text in it is not valid Unicode.</exception>
    public static byte[] Write(JsonElement root, string except)
    {
        var text = new StringBuilder();
        WriteObject(text, root.EnumerateObject().Where(member => member.Name != except));
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void WriteValue(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, value.EnumerateObject());
                break;
            case JsonValueKind.Array:
                WriteArray(text, value);
                break;
            case JsonValueKind.String:
                WriteString(text, value.GetString() ?? "");
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void WriteObject(StringBuilder text, IEnumerable<JsonProperty> members)
    {
        var separator = '{';
        foreach (var member in members.OrderBy(member => member.Name, StringComparer.Ordinal))
        {
            text.Append(separator);
            WriteString(text, member.Name);
            text.Append(':');
            WriteValue(text, member.Value);
            separator = ',';
        }
        text.Append(separator == '{' ? "{}" : "}");
    }

    private static void WriteArray(StringBuilder text, JsonElement array)
    {
        var separator = '[';
        foreach (var item in array.EnumerateArray())
        {
            text.Append(separator);
            WriteValue(text, item);
            separator = ',';
        }
        text.Append(separator == '[' ? "[]" : "]");
    }

    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var character in value)
        {
            _ = character switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append($"\\u{(int)character:x4}"),
                _ => text.Append(character),
            };
        }
        text.Append('"');
    }
}
