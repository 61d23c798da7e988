using BackupSidecar.Commands;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Http;

/// <summary>
/// <c>/metrics</c>: what an alert needs to know. All of it comes from what runs have left on the disk, so it is true after a restart, too; which
/// labelled databases there are, the Docker engine is asked.
/// </summary>
/// <param name="program">The program.</param>
/// <param name="reader">What runs have left.</param>
/// <param name="look">How labelled databases stand; null where labels are not read.</param>
internal sealed class MetricsPage(Composition program, FactsReader reader, LabelledLook? look)
{
    private readonly (string, string) _own = ("name", program.Settings.Name);

    public async Task<string> RenderAsync(CancellationToken cancellation)
    {
        var text = new PrometheusText();
        var facts = reader.Read();
        var labelled = look is null ? null : await look.LookAsync(RunFacts.PastOf(facts), cancellation);
        text.Gauge("build_info", "Which version this is.", new Sample(1, ("version", ProgramVersion.Number)));
        AddSchedules(text, facts, labelled?.All ?? []);
        AddRuns(text, facts);
        AddLastBackups(text, [.. facts.Where(each => each.LastGoodBackup is not null).Select(each => each.LastGoodBackup!)]); // Asked for.
        AddDestinations(text, facts);
        AddTrouble(text);
        if (labelled is not null)
        {
            text.Gauge("labels_readable", "Whether it can be told which containers ask by labels to be backed up.", Sample.Of(labelled.Problem is null, _own));
            text.Gauge("labels_rejected", "Containers that ask by labels to be backed up, and are not because their labels cannot be used.",
                new Sample(labelled.All.Count(each => each.State == LabelledState.Rejected), _own));
        }
        return text.ToString();
    }

    /// <summary>Of a labelled database whose container was stopped nothing is expected, and nothing is said here.</summary>
    private void AddSchedules(PrometheusText text, IReadOnlyList<RunFacts> facts, IReadOnlyList<LabelledHealth> labelled)
    {
        var now = program.Time.GetUtcNow();
        var expected = labelled.Where(each => each.Schedule is not null).ToList();
        List<(string Name, string Kind, CronSchedule Schedule)> schedules = [.. expected.Select(each => (each.Name!, RunKind.Backup, each.Schedule!))]; // They go together.
        List<Sample> overdue = [.. expected.Select(each => Sample.Of(each.IsOverdue, ("name", each.Name!)))];
        if (program.Schedule is { } backups)
        {
            schedules.Add((program.Settings.Name, RunKind.Backup, backups));
            overdue.Add(Sample.Of(BackupAge.Of(program, backups, RunFacts.PastOf(facts)(program.Settings.Name).LastGood, now).IsOverdue, _own));
        }
        if (program.VerifySchedule is { } verifications)
            schedules.Add((program.Settings.Name, RunKind.Verify, verifications));
        text.Gauge("expected_interval_seconds", "The longest time between two runs that the schedule knows.",
            schedules.Select(each => new Sample(each.Schedule.LongestGap(now).TotalSeconds, ("name", each.Name), ("kind", each.Kind))));
        text.Gauge("next_run_timestamp_seconds", "When the next run is due.",
            schedules.Select(each => Sample.Of(each.Schedule.Next(now), ("name", each.Name), ("kind", each.Kind))));
        text.Gauge("backup_overdue", "Whether a backup that was due is missing, as the health check judges it; also where there never was one.", overdue);
        text.Gauge("run_in_progress", "Whether a backup, restore or prune is going on.", Sample.Of(RunLock.Holder(program.Settings.Paths.State) is not null, _own));
    }

    private static void AddRuns(PrometheusText text, IReadOnlyList<RunFacts> facts)
    {
        var last = facts.SelectMany(each => each.LastRuns).ToList();
        text.Counter("runs_total", "Runs by how they ended, as far back as the history goes.", facts.SelectMany(each => each.Counts.Select(
            count => new Sample(count.Runs, ("name", each.Name), ("kind", count.Kind), ("result", Word(count.Outcome))))));
        text.Gauge("last_run_timestamp_seconds", "When the last run ended.", last.Select(run => Sample.Of(run.FinishedAt, Labels(run))));
        text.Gauge("last_run_success", "Whether the last run succeeded in full.", last.Select(run => Sample.Of(run.Outcome == RunOutcome.Succeeded, Labels(run))));
        text.Gauge("last_run_duration_seconds", "How long the last run took.", last.Select(run => new Sample(run.Duration.TotalSeconds, Labels(run))));
        text.Counter("services_stopped_seconds_total", "How long services stood still for all runs together, as far back as the history goes.",
            facts.Select(each => new Sample(each.StoppedFor.TotalSeconds, ("name", each.Name))));
    }

    private static void AddLastBackups(PrometheusText text, IReadOnlyList<RunReport> last)
    {
        text.Gauge("last_success_timestamp_seconds", "When the last backup that succeeded in full ended.", last.Select(run => Sample.Of(run.FinishedAt, Name(run))));
        text.Gauge("last_success_duration_seconds", "How long it took.", last.Select(run => new Sample(run.Duration.TotalSeconds, Name(run))));
        text.Gauge("last_success_bytes", "How large it is as stored.",
            last.Where(run => run.ArchiveBytes is not null).Select(run => new Sample(run.ArchiveBytes!.Value, Name(run)))); // Asked for.
        text.Gauge("last_success_services_stopped_seconds", "How long services stood still for it.",
            last.Select(run => new Sample(run.ServicesStoppedFor?.TotalSeconds ?? 0, Name(run))));
        text.Gauge("last_success_source_bytes", "How many bytes each source had in it.",
            last.SelectMany(run => run.Sources.Select(source => new Sample(source.Bytes, Name(run), ("kind", source.Kind), ("source", source.EntryName)))));
    }

    private static void AddDestinations(PrometheusText text, IReadOnlyList<RunFacts> facts)
    {
        var all = facts.SelectMany(each => each.Destinations.Select(destination => (Labels: new[] { ("name", each.Name), ("destination", destination.Name) }, At: destination))).ToList();
        text.Gauge("destination_last_success_timestamp_seconds", "When a backup was last stored there.", all.Select(each => Sample.Of(each.At.LastStored, each.Labels)));
        text.Gauge("destination_last_success_bytes", "How large it is there.",
            all.Where(each => each.At.Bytes is not null).Select(each => new Sample(each.At.Bytes!.Value, each.Labels))); // Asked for.
        text.Gauge("destination_backups", "How many backups retention kept there.",
            all.Where(each => each.At.Kept is not null).Select(each => new Sample(each.At.Kept!.Value, each.Labels))); // Asked for.
        text.Gauge("last_verified_timestamp_seconds", "When a backup there was last found good, as closely as the level says.",
            facts.SelectMany(each => each.Verified.Select(verified =>
                Sample.Of(verified.At, ("name", each.Name), ("destination", verified.Store), ("level", ReportText.Word(verified.Level))))));
    }

    private void AddTrouble(PrometheusText text)
    {
        text.Gauge("services_standing_still", "Whether services stand still although no run is going on.", Sample.Of(Standstill.Describe(program) is not null, _own));
        if (OpenMarks() is { } open)
            text.Gauge("backups_needing_attention", "Backups that freeze pruning until a person has accepted them.", new Sample(open, _own));
        text.Gauge("webhook_messages_waiting", "Webhook messages that have not arrived yet.", new Sample(program.Outbox.Count, _own));
        text.Gauge("webhook_breaker_open", "Whether a webhook has failed so often that it is left alone for now.", program.Breakers.All()
            .GroupBy(breaker => breaker.Target)
            .Select(target => Sample.Of(target.Any(program.Breakers.IsOpen), _own, ("webhook", target.Key))));
    }

    private int? OpenMarks()
    {
        try
        {
            return program.Marks.Read().All.Count(mark => mark.IsOpen);
        }
        catch (IOException)
        {
            // Then nobody knows, and the runs say so.
            return null;
        }
    }

    private static (string, string) Name(RunReport run) => ("name", run.BackupName);

    private static (string, string)[] Labels(RunReport run) => [Name(run), ("kind", run.Kind)];

    private static string Word(RunOutcome outcome) => outcome == RunOutcome.NotStarted ? "not_started" : outcome.ToString().ToLowerInvariant();
}
