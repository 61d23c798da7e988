using BackupSidecar.Discovery;
using BackupSidecar.Scheduling;
using BackupSidecar.Scheduling.Jobs;

namespace BackupSidecar.Commands;

/// <summary>What there is to say of one container.</summary>
/// <param name="Found">It, and what its labels come to.</param>
/// <param name="Verdict">Whether it is backed up and why not, in a word: "backed-up", "rejected", "no-labels" and so on.</param>
/// <param name="Unprotected">Why somebody should back it up, as in "a volume (shop_data)"; null if somebody does, or it keeps nothing.</param>
/// <param name="NextRun">When its next run is due.</param>
/// <param name="LastBegan">When the last one began.</param>
internal sealed record ExplainedContainer(
    SurveyedContainer Found, string Verdict, string? Unprotected, DateTimeOffset? NextRun, DateTimeOffset? LastBegan)
{
    public static ExplainedContainer Of(SurveyedContainer found, string? unprotected, JobLedger ledger, Composition program)
    {
        var isRead = program.Settings.Labels is not null;
        var database = isRead && found.Standing == LabelStanding.BackedUp ? found.Reading.Database : null;
        var schedule = database is not null && CronSchedule.TryParse(database.Cron, program.Settings.TimeZone, out var parsed, out _) ? parsed : null;
        return new ExplainedContainer(
            found,
            isRead || found.Standing == LabelStanding.NotAsked ? Word(found) : "labels-not-read",
            isRead || found.Standing != LabelStanding.BackedUp ? unprotected : null,
            schedule?.Next(program.Time.GetUtcNow()),
            database is null ? null : ledger.Find(database.Identity)?.Began);
    }

    private static string Word(SurveyedContainer found) => found.Standing switch
    {
        LabelStanding.BackedUp => found.IsRunning ? "backed-up" : "waits-until-it-runs",
        LabelStanding.Rejected => "rejected",
        LabelStanding.OutOfScope => "out-of-scope",
        LabelStanding.OneOff => "one-off",
        LabelStanding.Replaced => "replaced",
        LabelStanding.Duplicate => "duplicate",
        _ => "no-labels",
    };
}
