using BackupSidecar.Backrest;
using BackupSidecar.Commands;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Commands;

public sealed class EventLoggerTests : IDisposable
{
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public void An_event_is_one_line_of_JSON_with_its_name_and_its_values()
    {
        Log(LogFormat.Json).PlanRendered(LogLevel.Information, "p", "main", ["/a", "/b\n"], "added", dry_run: true);

        Assert.Equal(
            """{"time":"2026-11-21T00:00:00.000Z","level":"INFO","msg":"plan.rendered","plan_id":"p","repo":"main","paths":["/a","/b\n"],"change":"added","dry_run":true,"detail":"Plan p in repo main: [/a, /b\n] (added, dry run: True)"}""" + "\n",
            _output.ToString());
    }

    [Fact]
    public void The_same_can_be_read_as_text()
    {
        Log(LogFormat.Text).ReconcileComplete(LogLevel.Information, 3, 0, 1);

        Assert.StartsWith("time=2026-11-21T00:00:00.000Z level=INFO msg=reconcile.complete rendered=3 skipped=0 changed=1 detail=\"", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Words_without_an_event_are_its_message_and_secrets_are_masked()
    {
        Log(LogFormat.Json).LogWarning("{Text}", "it said hunter22");

        Assert.Contains("\"level\":\"WARN\",\"msg\":\"it said ***\"", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_below_the_level_is_not_told()
    {
        var log = Log(LogFormat.Json, LogLevel.Error);

        log.ConfigMissing("/x");
        log.ReconcileFailed("broken");

        Assert.Single(_output.ToString().TrimEnd().Split('\n'));
    }

    private EventLogger Log(LogFormat format, LogLevel minimum = LogLevel.Information) => new(
        new EventLogSettings(format, minimum), new Redactor(["hunter22"]), new FakeClock(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero)), _output);
}
