using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery;

/// <summary>backup.prefix: a folder within a store, and never one outside of it.</summary>
internal static class PrefixText
{
    /// <summary>File systems take 255 for a name; S3 takes 1024 for a whole key.</summary>
    private const int LongestPart = 200;

    private const int Longest = 600;

    /// <summary>The prefix without slashes at its ends.</summary>
    /// <exception cref="FormatException">It cannot be one.</exception>
    public static string Parse(string text)
    {
        var prefix = text.Trim('/');
        var parts = prefix.Split('/');
        if (prefix.Length == 0)
            return "";
        if (parts.Any(part => part is "" or "." or ".."))
            throw new FormatException($"{Shown.Quote(text)} has a part that is empty, '.' or '..'.");
        if (prefix.Contains('\\') || prefix.Contains('\uFFFD'))
            throw new FormatException($"{Shown.Quote(text)} holds a backslash, or is not UTF-8 text.");
        if (parts.Any(part => part.StartsWith(OwnNames.Reserved, StringComparison.Ordinal)))
            throw new FormatException($"names that begin with '{OwnNames.Reserved}' are reserved.");
        if (Encoding.UTF8.GetByteCount(prefix) > Longest || parts.Any(part => Encoding.UTF8.GetByteCount(part) > LongestPart))
            throw new FormatException($"it is longer than {Longest} bytes, or a part of it than {LongestPart}.");
        return prefix;
    }
}
