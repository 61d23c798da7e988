using System.Globalization;
using BackupSidecar.Discovery;

namespace BackupSidecar.Backrest.Plans;

/// <summary>How many snapshots of a plan Backrest keeps. All zero is a policy that Backrest refuses to start with, so it cannot be made here.</summary>
internal sealed record PlanRetention
{
    public const string Example = "last=5, or daily=7,weekly=4,monthly=6, or all";

    public bool All { get; private init; }

    public int Last { get; private init; }

    public int Hourly { get; private init; }

    public int Daily { get; private init; }

    public int Weekly { get; private init; }

    public int Monthly { get; private init; }

    public int Yearly { get; private init; }

    public bool IsOnlyLast => Last > 0 && (this with { Last = 0 }).IsEmpty;

    public bool IsEmpty => !All && Last == 0 && Hourly == 0 && Daily == 0 && Weekly == 0 && Monthly == 0 && Yearly == 0;

    public static PlanRetention Everything { get; } = new() { All = true };

    /// <summary>Reads <c>key=number</c>, separated by commas, or <c>all</c>.</summary>
    /// <param name="text">The text of the label or of the flag.</param>
    /// <param name="retention">Never an empty one.</param>
    /// <param name="problem">Why there is none, for people.</param>
    public static bool TryParse(string text, out PlanRetention? retention, out string? problem)
    {
        (retention, problem) = (null, null);
        var entries = BackrestLabels.Split(text);
        if (entries is [var all] && all.ToLowerInvariant() is "all" or "all=true")
        {
            retention = Everything;
            return true;
        }
        var counts = new PlanRetention();
        foreach (var entry in entries)
        {
            if ((problem = counts.ProblemOf(entry, out counts)) is not null)
                return false;
        }
        if (counts.IsEmpty)
        {
            problem = $"'{text}' keeps nothing, and Backrest does not start with such a policy.";
            return false;
        }
        retention = counts;
        return true;
    }

    public static PlanRetention Of(int last, int hourly, int daily, int weekly, int monthly, int yearly) => new()
    {
        Last = last,
        Hourly = hourly,
        Daily = daily,
        Weekly = weekly,
        Monthly = monthly,
        Yearly = yearly,
    };

    private string? ProblemOf(string entry, out PlanRetention result)
    {
        result = this;
        if (entry.Split('=', 2, StringSplitOptions.TrimEntries) is not [var key, var value])
            return $"'{entry}' is not of the form key=number.";
        var isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        var changed = key.ToLowerInvariant() switch
        {
            "last" => this with { Last = count },
            "hourly" => this with { Hourly = count },
            "daily" => this with { Daily = count },
            "weekly" => this with { Weekly = count },
            "monthly" => this with { Monthly = count },
            "yearly" => this with { Yearly = count },
            _ => null,
        };
        if (changed is null)
            return $"Backrest has no policy '{key}': it knows last, hourly, daily, weekly, monthly, yearly, and all by itself.";
        if (!isNumber)
            return $"'{entry}': '{value}' is not a number from 0 to {int.MaxValue}.";
        result = changed;
        return null;
    }
}
