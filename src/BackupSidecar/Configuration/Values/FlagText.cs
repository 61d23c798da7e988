namespace BackupSidecar.Configuration.Values;

/// <summary>Yes or no, in the words that people use for it.</summary>
internal static class FlagText
{
    public static bool TryParse(string text, out bool value)
    {
        value = text.ToUpperInvariant() is "TRUE" or "YES" or "ON" or "1";
        return value || text.ToUpperInvariant() is "FALSE" or "NO" or "OFF" or "0";
    }
}
