using System.Text;

namespace BackupSidecar.Configuration.Values;

/// <summary>Text of the operator's in a message: quoted, cut to a readable length, its control characters made visible.</summary>
internal static class Shown
{
    private const int Longest = 80;

    public static string Quote(string text) => $"'{Line(text)}'";

    public static string Line(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Take(Longest))
            shown.Append(Rune.IsControl(rune) ? $"\\u{rune.Value:x4}" : rune.ToString());
        return shown.Append(text.Length > Longest ? "…" : "").ToString();
    }
}
