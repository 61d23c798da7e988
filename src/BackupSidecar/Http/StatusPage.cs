using System.Text.Json.Nodes;
using BackupSidecar.Commands;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Http;

/// <summary><c>/status</c>: what people ask first, as JSON. Times are UTC; no address and no secret is in it.</summary>
internal sealed class StatusPage(Composition program, FactsReader reader)
{
    public string Render()
    {
        var now = program.Time.GetUtcNow();
        var all = reader.Read();
        var facts = all.FirstOrDefault(each => each.Name == program.Settings.Name) ?? RunFacts.Of(program.Settings.Name, []);
        return new JsonObject
        {
            ["timestamp"] = Time(now),
            ["name"] = program.Settings.Name,
            ["version"] = ProgramVersion.Number,
            ["running"] = RunPurpose.TryParse(RunLock.Holder(program.Settings.Paths.State), out var run) ? run.Kind : null,
            ["standing_still"] = Standstill.Describe(program),
            ["backups"] = Schedule(program.Schedule, now),
            ["verifications"] = Schedule(program.VerifySchedule, now),
            ["last_success"] = facts.LastGoodBackup is { } good ? Run(good) : null,
            ["last_runs"] = new JsonArray([.. facts.LastRuns.Select(Run)]),
            ["destinations"] = new JsonArray([.. program.Stores.Select(store => Destination(store.Name, store.Location, facts))]),
            ["labelled"] = new JsonArray([.. all.Where(each => each != facts).OrderBy(each => each.Name, StringComparer.Ordinal).Select(Labelled)]),
            ["webhook_messages_waiting"] = program.Outbox.Count,
        }.ToJsonString() + "\n";
    }

    private static JsonObject? Schedule(CronSchedule? schedule, DateTimeOffset now) => schedule is null ? null : new JsonObject
    {
        ["schedule"] = schedule.ToString(),
        ["next_run"] = Time(schedule.Next(now)),
    };

    private static JsonObject Run(RunReport run) => new JsonObject
    {
        ["kind"] = run.Kind,
        ["outcome"] = run.Outcome.ToString().ToLowerInvariant(),
        ["started_at"] = Time(run.StartedAt),
        ["finished_at"] = Time(run.FinishedAt),
        ["archive"] = run.Archive,
        ["bytes"] = run.ArchiveBytes,
        ["services_stopped_seconds"] = run.ServicesStoppedFor?.TotalSeconds,
        ["problems"] = new JsonArray([.. run.Problems.Select(problem => JsonValue.Create(problem))]),
    };

    private static JsonObject Labelled(RunFacts facts) => new()
    {
        ["name"] = facts.Name,
        ["last_success"] = facts.LastGoodBackup is { } good ? Run(good) : null,
        ["last_runs"] = new JsonArray([.. facts.LastRuns.Select(Run)]),
    };

    private static JsonObject Destination(string name, string location, RunFacts facts)
    {
        var stored = facts.Destinations.FirstOrDefault(each => each.Name == name);
        return new JsonObject
        {
            ["destination"] = name,
            ["location"] = location,
            ["last_success"] = stored is null ? null : Time(stored.LastStored),
            ["bytes"] = stored?.Bytes,
            ["backups"] = stored?.Kept,
            ["verified"] = new JsonArray([.. facts.Verified.Where(each => each.Store == name).Select(Verified)]),
        };
    }

    private static JsonObject Verified(VerifiedFacts verified) => new JsonObject
    {
        ["level"] = ReportText.Word(verified.Level),
        ["archive"] = verified.Archive,
        ["at"] = Time(verified.At),
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
