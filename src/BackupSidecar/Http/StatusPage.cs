using System.Text.Json.Nodes;
using BackupSidecar.Commands;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Http;

/// <summary><c>/status</c>: what people ask first, as JSON. Times are UTC; no address and no secret is in it.</summary>
/// <param name="program">The program.</param>
/// <param name="reader">What runs have left.</param>
/// <param name="look">How labelled databases stand; null where labels are not read.</param>
internal sealed class StatusPage(Composition program, FactsReader reader, LabelledLook? look)
{
    public async Task<string> RenderAsync(CancellationToken cancellation)
    {
        var now = program.Time.GetUtcNow();
        var all = reader.Read();
        var facts = all.FirstOrDefault(each => each.Name == program.Settings.Name) ?? RunFacts.Of(program.Settings.Name, []);
        var labelled = look is null ? null : await look.LookAsync(RunFacts.PastOf(all), cancellation);
        var gone = all.Where(each => each != facts && labelled?.All.All(health => health.Name != each.Name) != false);
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
            ["destinations"] = new JsonArray([.. program.StoresInUse.Select(store => Destination(store.Name, store.Location, facts))]),
            ["labels_problem"] = Masked(labelled?.Problem),
            ["labelled"] = new JsonArray([
                .. (labelled?.All ?? []).Select(health => Labelled(health, all.FirstOrDefault(each => each.Name == health.Name), now)),
                .. gone.OrderBy(each => each.Name, StringComparer.Ordinal).Select(Gone)]),
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

    private JsonObject Labelled(LabelledHealth health, RunFacts? facts, DateTimeOffset now) => new()
    {
        ["name"] = health.Name,
        ["container"] = health.Found.Container.Name,
        ["type"] = health.Found.Reading.Database?.Kind,
        ["database"] = health.Found.Reading.Database?.Database,
        ["state"] = health.State.ToString().ToLowerInvariant(),
        ["overdue"] = health.IsOverdue,
        ["problem"] = health.IsWell ? null : Masked(health.Text),
        ["backups"] = Schedule(health.Schedule, now),
        ["last_success"] = facts?.LastGoodBackup is { } good ? Run(good) : null,
        ["last_runs"] = new JsonArray([.. (facts?.LastRuns ?? []).Select(Run)]),
        ["verified"] = new JsonArray([.. (facts?.Verified ?? []).Select(Verified)]),
    };

    private static JsonObject Gone(RunFacts facts) => new()
    {
        ["name"] = facts.Name,
        ["state"] = "gone",
        ["last_success"] = facts.LastGoodBackup is { } good ? Run(good) : null,
        ["last_runs"] = new JsonArray([.. facts.LastRuns.Select(Run)]),
    };

    private string? Masked(string? text) => text is null ? null : program.Reading.Redactor.Redact(text);

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
