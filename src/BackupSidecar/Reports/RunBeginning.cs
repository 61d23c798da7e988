using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BackupSidecar.Reports;

/// <summary>
/// What a line of the history says of when its run began. Read without System.Text.Json, which would take more than 1 MiB of the daemon's
/// memory for good: it asks its history for nothing else. Whoever writes the lines puts these members first, and they need no escapes.
/// </summary>
internal readonly partial record struct RunBeginning(string Kind, string Outcome, DateTimeOffset StartedAt)
{
    /// <summary>Null if it is no whole line of a history.</summary>
    /// <param name="line">UTF-8, without its end.</param>
    public static RunBeginning? TryRead(ReadOnlySpan<byte> line) =>
        Line.Match(Encoding.UTF8.GetString(line)) is { Success: true } found
        && DateTimeOffset.TryParse(found.Groups["startedAt"].ValueSpan, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var startedAt)
            ? new RunBeginning(found.Groups["kind"].Value, found.Groups["outcome"].Value, startedAt)
            : null;

    [GeneratedRegex(
        """^\{"runId":"[^"\\]+","kind":"(?<kind>[^"\\]+)","backupName":"[^"\\]*","startedAt":"(?<startedAt>[^"\\]+)","finishedAt":"[^"\\]+","outcome":"(?<outcome>[^"\\]+)".*\}\z""",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line { get; }
}
