namespace BackupSidecar.Scheduling;

/// <summary>When a backup is due, and until when it counts as merely late: for half an interval, and the time that one takes.</summary>
internal readonly record struct Deadline(DateTimeOffset Due, DateTimeOffset Limit)
{
    /// <param name="schedule">What promises it.</param>
    /// <param name="since">Nothing before was due: the last good backup began then, or the schedule came into force.</param>
    /// <param name="duration">How long the last one took.</param>
    /// <param name="possibleSince">Since when it can be made, where that was not always so.</param>
    public static Deadline Of(CronSchedule schedule, DateTimeOffset since, TimeSpan duration, DateTimeOffset? possibleSince = null)
    {
        var due = schedule.Next(since);
        var begin = possibleSince > due ? possibleSince.Value : due;
        return new Deadline(due, begin + ((schedule.Next(due) - due) / 2) + duration);
    }
}
