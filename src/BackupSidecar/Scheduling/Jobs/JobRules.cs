namespace BackupSidecar.Scheduling.Jobs;

/// <summary>What the operator says of all jobs, until he says otherwise.</summary>
/// <param name="Zone">Where schedules hold.</param>
/// <param name="CatchesUp">Whether a run that was missed while the program was down is made up for.</param>
internal sealed record JobRules(TimeZoneInfo Zone, bool CatchesUp = true);
