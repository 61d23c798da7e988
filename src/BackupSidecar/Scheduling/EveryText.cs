using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Scheduling;

/// <summary><c>@every 1h30m</c>: how often something is due, in whole seconds.</summary>
internal static class EveryText
{
    private const string Word = "@every";

    /// <summary>How often; null if the text does not begin with that word.</summary>
    /// <exception cref="FormatException">What follows it is no length of time, or less than a second.</exception>
    public static TimeSpan? Read(string text)
    {
        var bare = text.Trim();
        if (!bare.StartsWith(Word, StringComparison.OrdinalIgnoreCase))
            return null;
        var length = bare[Word.Length..].Trim();
        if (!PeriodText.TryParseDuration(length, out var every) || every < TimeSpan.FromSeconds(1))
            throw new FormatException($"{Shown.Quote(bare)} says no length of time of a second or more, such as @every 6h or @every 1h30m.");
        return TimeSpan.FromSeconds(Math.Floor(every.TotalSeconds));
    }
}
