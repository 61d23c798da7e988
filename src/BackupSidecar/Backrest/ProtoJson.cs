using System.Globalization;
using System.Text.Json;

namespace BackupSidecar.Backrest;

/// <summary>
/// Reads JSON as protocol buffers do: null is the same as nothing, a member may also have its name from the schema, and a number may
/// be written as a text.
/// </summary>
internal static class ProtoJson
{
    public static bool TryFind(this JsonElement parent, out JsonElement value, params ReadOnlySpan<string> names)
    {
        value = default;
        if (parent.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var name in names)
        {
            if (parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null)
                return true;
        }
        return false;
    }

    /// <summary>The members of a list; none if it is not there or is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement parent, string name) =>
        parent.TryFind(out var list, name) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    /// <summary>Empty if it is not there or is no text, which is the same to a protocol buffer.</summary>
    public static string TextOf(this JsonElement parent, string name) => parent.TryFind(out var text, name) ? text.GetText() ?? "" : "";

    /// <summary>Null for what is no text.</summary>
    public static string? GetText(this JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which is no text either.
            return null;
        }
    }

    public static bool TryGetNumber(this JsonElement value, out double number)
    {
        number = 0;
        var text = value.ValueKind == JsonValueKind.Number ? value.GetRawText() : value.GetText();
        return text is not null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }
}
