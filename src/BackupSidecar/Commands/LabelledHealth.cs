using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Commands;

/// <summary>How a labelled database stands.</summary>
internal enum LabelledState
{
    /// <summary>It is backed up as its schedule promises, or its first backup is not due yet.</summary>
    Well,

    /// <summary>Its container was stopped or paused: nothing can be expected, and nobody is alarmed.</summary>
    Waiting,

    /// <summary>Its labels cannot be used.</summary>
    Rejected,

    Failed,

    Overdue,
}

/// <summary>Whether a container that asks by its labels for backups has them, in a sentence that says what to do if not.</summary>
internal sealed record LabelledHealth(SurveyedContainer Found, LabelledState State, string Text)
{
    /// <summary>What its backups are called; null where its labels cannot be used.</summary>
    public string? Name { get; init; }

    /// <summary>What promises them; null where nothing can be expected.</summary>
    public CronSchedule? Schedule { get; init; }

    public bool IsOverdue { get; init; }

    public PastBackups Past { get; init; } = new(Last: null, LastGood: null);

    public bool IsWell => State is LabelledState.Well or LabelledState.Waiting;

    public static LabelledHealth OfRefused(SurveyedContainer found, string refusal) => IsMeantToRun(found)
        ? new LabelledHealth(found, LabelledState.Rejected, $"{NameOf(found)} asks by labels to be backed up, and is NOT: {refusal}")
        : new LabelledHealth(found, LabelledState.Waiting, $"{NameOf(found)} is {found.Summary.State}, and would not be backed up: {refusal}");

    /// <param name="found">The container.</param>
    /// <param name="database">What its labels ask for.</param>
    /// <param name="schedule">When.</param>
    /// <param name="past">What runs left.</param>
    /// <param name="followedSince">Since when this has been its schedule; null if it was only just discovered.</param>
    /// <param name="upSince">When the container was last started, where that is known: before, nothing could be made.</param>
    /// <param name="program">The program.</param>
    /// <param name="now">The time.</param>
    public static LabelledHealth Of(
        SurveyedContainer found, LabelledDatabase database, CronSchedule schedule, PastBackups past, DateTimeOffset? followedSince, DateTimeOffset? upSince,
        Composition program, DateTimeOffset now)
    {
        var who = $"{NameOf(found)} ({database.Kind} {Shown.Line(database.Database)})";
        var known = past.LastGood is { } good ? $"the last good backup is {good.Archive}" : "no backup yet";
        var health = new LabelledHealth(found, LabelledState.Waiting, $"{who}: {known}; it is {found.Summary.State}, and is backed up when it runs again.")
        {
            Name = ArtefactPlanner.NameOf(database),
            Past = past,
        };
        if (!IsMeantToRun(found))
            return health;
        var since = new[] { past.LastGood?.StartedAt, followedSince }.Max() ?? now;
        var (due, limit) = Deadline.Of(schedule, since, past.LastGood?.Duration ?? TimeSpan.Zero, upSince);
        var isOverdue = now > limit;
        health = health with { Schedule = schedule, IsOverdue = isOverdue };
        var advice = $"Look at the log, or run: backup-sidecar backup --container {NameOf(found)}";
        if (past.Last is { Outcome: not RunOutcome.Succeeded } last)
        {
            var reason = last.Problems.Count > 0 ? last.Problems[0] : "nobody knows why.";
            return health with { State = LabelledState.Failed, Text = $"{who}: its last backup {Ended(last)} {HealthCommand.Local(last.FinishedAt, program)}: {reason} Before that, {known}. {advice}" };
        }
        if (!isOverdue)
            return health with { State = LabelledState.Well, Text = $"{who}: {known}; the next is due at {HealthCommand.Local(schedule.Next(now), program)}." };
        var missing = past.LastGood is null
            ? $"{who} has never been backed up: the first backup was due at {HealthCommand.Local(due, program)}."
            : $"{who}: {known}; one was due at {HealthCommand.Local(due, program)} and is missing.";
        return health with { State = LabelledState.Overdue, Text = $"{missing} {advice}" };
    }

    /// <summary>One that restarts again and again is not left alone: its database is not backed up, and nobody stopped it.</summary>
    private static bool IsMeantToRun(SurveyedContainer found) => found.Summary.State is "running" or "restarting";

    private static string NameOf(SurveyedContainer found) => Shown.Line(found.Container.Name);

    private static string Ended(RunReport run) => run.Outcome switch
    {
        RunOutcome.Partial => run.Attention.Count > 0 ? "needs attention since" : "was incomplete at",
        RunOutcome.NotStarted => "could not begin at",
        RunOutcome.Interrupted => "was interrupted at",
        RunOutcome.Refused => "was refused at",
        _ => "failed at",
    };
}
