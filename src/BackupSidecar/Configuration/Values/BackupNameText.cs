using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>The name of a backup: a folder name and a file name prefix that is safe everywhere.</summary>
internal static partial class BackupNameText
{
    public static bool IsValid(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();
}
