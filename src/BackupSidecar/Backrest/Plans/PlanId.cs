using System.Globalization;
using System.Text;

namespace BackupSidecar.Backrest.Plans;

/// <summary>The names of plans, and what follows from a name.</summary>
internal static class PlanId
{
    private const uint FnvOffset = 0x811c9dc5;
    private const uint FnvPrime = 0x01000193;
    private const int MinutesPerHour = 60;

    /// <summary>The first of the candidates that has anything in it that a name may hold, behind the prefix; null if none has.</summary>
    public static string? From(string prefix, IEnumerable<string?> candidates) =>
        candidates.FirstOrDefault(candidate => candidate is not null && Sanitize(candidate).Length > 0) is { } name
            ? Sanitize(prefix + name)
            : null;

    /// <summary>Small letters and digits; everything else becomes '_', which stands neither first nor last.</summary>
    public static string Sanitize(string text) => Replace(text).Trim('_');

    /// <summary>What the names of all plans with this prefix begin with; empty if it tells none from another.</summary>
    public static string Beginning(string prefix) => Replace(prefix).TrimStart('_');

    /// <summary>The minute that stands for 'T' in the schedule of a plan: different plans, different minutes, always the same for one (FNV-1a).</summary>
    public static int MinuteOf(string id)
    {
        var hash = FnvOffset;
        foreach (var octet in Encoding.UTF8.GetBytes(id))
            hash = unchecked((hash ^ octet) * FnvPrime);
        return (int)(hash % MinutesPerHour);
    }

    /// <summary>A schedule with 'T' as its minute gets that of the plan; others are returned as they are, with single blanks.</summary>
    public static string WithMinute(string schedule, string id)
    {
        var fields = schedule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields is ["T" or "t", ..])
            fields[0] = MinuteOf(id).ToString(CultureInfo.InvariantCulture);
        return string.Join(' ', fields);
    }

    private static string Replace(string text) =>
        string.Concat(text.EnumerateRunes().Select(Rune.ToLowerInvariant).Select(rune => Rune.IsLetterOrDigit(rune) && rune.IsAscii ? (char)rune.Value : '_'));
}
