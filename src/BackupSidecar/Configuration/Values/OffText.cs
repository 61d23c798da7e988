namespace BackupSidecar.Configuration.Values;

/// <summary>The word that switches something off which is on by default.</summary>
internal static class OffText
{
    public static bool IsOff(string text) => text.Trim().Equals("off", StringComparison.OrdinalIgnoreCase);
}
