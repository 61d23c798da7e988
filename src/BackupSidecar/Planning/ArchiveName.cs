using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Planning;

/// <summary>
/// The name of a backup. That of an archive: <c>NAME-yyyy-MM-dd-HHmmss</c> in local time, with an extension that says how it was made
/// (<c>.tar.gz</c>, <c>.tar.zst</c> or <c>.tar</c>, then <c>.gpg</c> if encrypted). Nothing else in the folder of an archive is ours.
/// </summary>
internal partial record ArchiveName(string BackupName, DateTime LocalTime, string Extension)
{
    public const string ManifestSuffix = ".manifest.json";

    private const string TimestampFormat = "yyyy-MM-dd-HHmmss";

    /// <summary>The part that people type: <c>2026-11-20-030000</c>.</summary>
    public virtual string Timestamp => LocalTime.ToString(TimestampFormat, CultureInfo.InvariantCulture);

    public virtual string FileName => $"{BackupName}-{Timestamp}{Extension}";

    public virtual string ManifestFileName => FileName + ManifestSuffix;

    public bool IsEncrypted => Extension.EndsWith(".gpg", StringComparison.Ordinal);

    /// <summary>The name one second later: names are never used twice.</summary>
    public ArchiveName Next() => this with { LocalTime = LocalTime.AddSeconds(1) };

    /// <summary>Reads the name of an archive (not of a manifest) of this backup; false for anything else.</summary>
    public static bool TryParse(string fileName, string backupName, out ArchiveName name)
    {
        name = null!;
        if (!fileName.StartsWith(backupName + "-", StringComparison.Ordinal))
            return false;
        var match = Rest().Match(fileName[(backupName.Length + 1)..]);
        if (!match.Success || !TryParseTimestamp(match.Groups["time"].Value, out var time))
            return false;
        name = new ArchiveName(backupName, time, match.Groups["extension"].Value);
        return true;
    }

    public static bool TryParseTimestamp(string text, out DateTime localTime) =>
        DateTime.TryParseExact(text, TimestampFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out localTime);

    [GeneratedRegex(@"^(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{6})(?<extension>\.tar(\.gz|\.zst)?(\.gpg)?)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rest();
}
