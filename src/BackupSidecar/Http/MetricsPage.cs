using BackupSidecar.Commands;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Http;

/// <summary><c>/metrics</c>: what an alert needs to know. All of it comes from what runs have left on the disk, so it is true after a restart, too.</summary>
internal sealed class MetricsPage(Composition program, FactsReader reader)
{
    private readonly (string, string) _name = ("name", program.Settings.Name);

    public string Render()
    {
        var text = new PrometheusText();
        var facts = reader.Read();
        text.Gauge("build_info", "Which version this is.", new Sample(1, ("version", ProgramVersion.Number)));
        AddSchedules(text);
        AddRuns(text, facts);
        AddLastBackup(text, facts);
        AddDestinations(text, facts);
        AddTrouble(text);
        return text.ToString();
    }

    private void AddSchedules(PrometheusText text)
    {
        var now = program.Time.GetUtcNow();
        List<(string Kind, CronSchedule Schedule)> schedules = [];
        if (program.Schedule is { } backups)
            schedules.Add((RunKind.Backup, backups));
        if (program.VerifySchedule is { } verifications)
            schedules.Add((RunKind.Verify, verifications));
        text.Gauge("expected_interval_seconds", "The longest time between two runs that the schedule knows.",
            schedules.Select(each => new Sample(each.Schedule.LongestGap(now).TotalSeconds, _name, ("kind", each.Kind))));
        text.Gauge("next_run_timestamp_seconds", "When the next run is due.",
            schedules.Select(each => Sample.Of(each.Schedule.Next(now), _name, ("kind", each.Kind))));
        text.Gauge("run_in_progress", "Whether a backup, restore or prune is going on.", Sample.Of(RunLock.Holder(program.Settings.Paths.State) is not null, _name));
    }

    private void AddRuns(PrometheusText text, RunFacts facts)
    {
        text.Counter("runs_total", "Runs by how they ended, as far back as the history goes.",
            facts.Counts.Select(count => new Sample(count.Runs, _name, ("kind", count.Kind), ("result", Word(count.Outcome)))));
        text.Gauge("last_run_timestamp_seconds", "When the last run ended.", facts.LastRuns.Select(run => Sample.Of(run.FinishedAt, _name, ("kind", run.Kind))));
        text.Gauge("last_run_success", "Whether the last run succeeded in full.",
            facts.LastRuns.Select(run => Sample.Of(run.Outcome == RunOutcome.Succeeded, _name, ("kind", run.Kind))));
        text.Gauge("last_run_duration_seconds", "How long the last run took.",
            facts.LastRuns.Select(run => new Sample(run.Duration.TotalSeconds, _name, ("kind", run.Kind))));
        text.Counter("services_stopped_seconds_total", "How long services stood still for all runs together, as far back as the history goes.",
            new Sample(facts.StoppedFor.TotalSeconds, _name));
    }

    private void AddLastBackup(PrometheusText text, RunFacts facts)
    {
        if (facts.LastGoodBackup is not { } last)
            return;
        text.Gauge("last_success_timestamp_seconds", "When the last backup that succeeded in full ended.", Sample.Of(last.FinishedAt, _name));
        text.Gauge("last_success_duration_seconds", "How long it took.", new Sample(last.Duration.TotalSeconds, _name));
        text.Gauge("last_success_bytes", "How large its archive is.", Some(last.ArchiveBytes).Select(bytes => new Sample(bytes, _name)));
        text.Gauge("last_success_services_stopped_seconds", "How long services stood still for it.",
            new Sample(last.ServicesStoppedFor?.TotalSeconds ?? 0, _name));
        text.Gauge("last_success_source_bytes", "How many bytes each source had in it.",
            last.Sources.Select(source => new Sample(source.Bytes, _name, ("kind", source.Kind), ("source", source.EntryName))));
    }

    private void AddDestinations(PrometheusText text, RunFacts facts)
    {
        text.Gauge("destination_last_success_timestamp_seconds", "When a backup was last stored there.",
            facts.Destinations.Select(each => Sample.Of(each.LastStored, _name, ("destination", each.Name))));
        text.Gauge("destination_last_success_bytes", "How large it is there.",
            facts.Destinations.SelectMany(each => Some(each.Bytes).Select(bytes => new Sample(bytes, _name, ("destination", each.Name)))));
        text.Gauge("destination_backups", "How many backups retention kept there.",
            facts.Destinations.SelectMany(each => Some(each.Kept).Select(kept => new Sample(kept, _name, ("destination", each.Name)))));
        text.Gauge("last_verified_timestamp_seconds", "When a backup there was last found good, as closely as the level says.",
            facts.Verified.Select(each => Sample.Of(each.At, _name, ("destination", each.Store), ("level", ReportText.Word(each.Level)))));
    }

    private void AddTrouble(PrometheusText text)
    {
        text.Gauge("services_standing_still", "Whether services stand still although no run is going on.", Sample.Of(Standstill.Describe(program) is not null, _name));
        text.Gauge("backups_needing_attention", "Backups that freeze pruning until a person has accepted them.",
            Some(OpenMarks()).Select(open => new Sample(open, _name)));
        text.Gauge("webhook_messages_waiting", "Webhook messages that have not arrived yet.", new Sample(program.Outbox.Count, _name));
        text.Gauge("webhook_breaker_open", "Whether a webhook has failed so often that it is left alone for now.",
            program.Breakers.All().Select(breaker => Sample.Of(program.Breakers.IsOpen(breaker), _name, ("webhook", breaker.Target))));
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

    private static string Word(RunOutcome outcome) => outcome switch
    {
        RunOutcome.NotStarted => "not_started",
        _ => outcome.ToString().ToLowerInvariant(),
    };

    private static IEnumerable<double> Some(double? value) => value is { } there ? [there] : [];
}
