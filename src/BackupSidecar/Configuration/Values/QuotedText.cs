namespace BackupSidecar.Configuration.Values;

/// <summary>
/// Quotes around the value of a variable. Compose takes them away, <c>docker run --env-file</c> leaves them, and cuts a
/// quoted value of several lines after the first: then one quote is left over.
/// </summary>
internal static class QuotedText
{
    /// <summary>Takes matching quotes away if they wrap the whole value and no such quote stands inside.</summary>
    public static bool TryUnwrap(string text, out string unwrapped)
    {
        unwrapped = text;
        if (text.Length < 2 || text[0] is not ('"' or '\'') || text[^1] != text[0] || text.AsSpan(1, text.Length - 2).Contains(text[0]))
            return false;
        unwrapped = text[1..^1];
        return true;
    }

    /// <summary>Whether a quote that opens the value is never closed.</summary>
    public static bool IsOpened(string text) => text is ['"' or '\'', ..] && IsOdd(text, text[0]);

    /// <summary>Whether a quote that closes the value was never opened.</summary>
    public static bool IsClosed(string text) => text is [.., '"' or '\''] && IsOdd(text, text[^1]);

    private static bool IsOdd(string text, char quote) => text.Count(c => c == quote) % 2 == 1;
}
