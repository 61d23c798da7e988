using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Http;

namespace BackupSidecar.Tests.Commands;

/// <summary>What the daemon answers over HTTP, end to end.</summary>
public sealed class DaemonHttpTests : IDisposable
{
    private const int TimeLimit = 60_000;
    private const string Canary = "canary-of-an-address";

    private readonly BuiltProgram _program = new();
    private readonly HttpClient _client;

    public DaemonHttpTests()
    {
        var port = FreePort();
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        _program.Settings["BACKUP_HTTP_PORT"] = port.ToString();
        _program.Settings["BACKUP_FAILURE_WEBHOOK"] = $"http://127.0.0.1:1/{Canary}";
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _program.Dispose();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Every_question_is_answered_from_what_runs_left()
    {
        _program.Settings["BACKUP_SCHEDULE"] = "0 3 * * *";
        Assert.Equal(0, (await _program.RunAsync("backup")).ExitCode);
        Assert.Equal(0, (await _program.RunAsync("verify")).ExitCode);
        var archive = Assert.Single(_program.Stored, name => name.EndsWith(".gpg", StringComparison.Ordinal));
        using var daemon = await StartAsync();

        Assert.Equal("ok", await _client.GetStringAsync("/healthz", Cancellation));
        var ready = await _client.GetStringAsync("/readyz", Cancellation);
        var metrics = await _client.GetStringAsync("/metrics", Cancellation);
        var status = await _client.GetStringAsync("/status", Cancellation);
        var metadata = await _client.GetStringAsync($"/metadata?object={archive}", Cancellation);
        await EndAsync(daemon);

        Assert.StartsWith("ready\nDocker: ", ready, StringComparison.Ordinal);
        Assert.EndsWith("Disk: OK\n", ready, StringComparison.Ordinal);
        var values = PrometheusReader.Read(metrics);
        Assert.Equal(1, values["""backup_sidecar_runs_total{name="stack",kind="backup",result="succeeded"}"""]);
        Assert.Equal(1, values["""backup_sidecar_last_run_success{name="stack",kind="backup"}"""]);
        Assert.Equal(86_400, values["""backup_sidecar_expected_interval_seconds{name="stack",kind="backup"}"""]);
        Assert.Equal(new FileInfo(_program.Path("store", "stack", archive)).Length, values["""backup_sidecar_destination_last_success_bytes{name="stack",destination="local"}"""]);
        Assert.InRange(values["""backup_sidecar_last_success_timestamp_seconds{name="stack"}"""], Now() - 60, Now());
        Assert.InRange(values["""backup_sidecar_last_verified_timestamp_seconds{name="stack",destination="local",level="content"}"""], Now() - 60, Now());
        Assert.Equal(0, values["""backup_sidecar_run_in_progress{name="stack"}"""]);
        Assert.Equal(archive, JsonDocument.Parse(status).RootElement.GetProperty("last_success").GetProperty("archive").GetString());
        Assert.Equal(File.ReadAllText(_program.Path("store", "stack", archive + ".manifest.json")), metadata);
        Assert.All([ready, metrics, status, metadata], answer => Assert.DoesNotContain(BuiltProgram.Passphrase, answer, StringComparison.Ordinal));
        Assert.All([ready, metrics, status, metadata], answer => Assert.DoesNotContain(Canary, answer, StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Trouble_shows_and_nothing_outside_of_the_backups_can_be_asked_for()
    {
        _program.Settings["BACKUP_S3_BUCKET"] = "bucket";
        _program.Settings["BACKUP_S3_ENDPOINT"] = "http://127.0.0.1:1";
        _program.Settings["BACKUP_S3_ACCESS_KEY"] = "key";
        _program.Settings["BACKUP_S3_SECRET_KEY"] = "canary-of-a-key";
        _program.Settings["BACKUP_WEBHOOK_RETRIES"] = "0";
        _program.Settings["BACKUP_DIRS"] = $"{_program.Path("missing")}:data";
        await File.WriteAllTextAsync(_program.Path("store", "outside.metadata.json"), "{}", Cancellation);
        Assert.NotEqual(0, (await _program.RunAsync("backup")).ExitCode);
        using var daemon = await StartAsync();

        using var ready = await _client.GetAsync("/readyz", Cancellation);
        var why = await ready.Content.ReadAsStringAsync(Cancellation);
        var values = PrometheusReader.Read(await _client.GetStringAsync("/metrics", Cancellation));
        foreach (var name in new[] { "../outside", "%2e%2e%2foutside", "/etc/passwd", "..", ".", "a%00b", "stack/../outside", "outside", "nothing" })
            Assert.Equal(HttpStatusCode.NotFound, await StatusOfAsync($"/metadata?object={name}"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOfAsync("/metadata"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusOfAsync("/elsewhere"));
        await EndAsync(daemon);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.StartsWith("not ready\n", why, StringComparison.Ordinal);
        Assert.Matches("(?m)^S3: (?!OK)", why);
        Assert.DoesNotContain("canary", why, StringComparison.Ordinal);
        Assert.Equal(0, values["""backup_sidecar_last_run_success{name="stack",kind="backup"}"""]);
        Assert.Equal(1, values["""backup_sidecar_webhook_messages_waiting{name="stack"}"""]);
        Assert.Equal(0, values["""backup_sidecar_webhook_breaker_open{name="stack",webhook="BACKUP_FAILURE_WEBHOOK (127.0.0.1)"}"""]);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_port_that_is_taken_is_a_fault_of_the_settings()
    {
        using var other = new TcpListener(IPAddress.Loopback, _client.BaseAddress!.Port); // It is set.
        other.Start();

        var ended = await _program.RunAsync("run");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("BACKUP_HTTP_PORT: it cannot listen", ended.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_usual_port_that_somebody_else_has_keeps_nobody_from_making_backups()
    {
        _program.Settings["BACKUP_HTTP_PORT"] = null;
        _program.Settings["BACKUP_LABELS"] = "on";
        _program.Settings["BACKUP_SCHEDULE"] = "* * * * * *";
        using var other = new TcpListener(IPAddress.Loopback, 8080);
        try
        {
            other.Start();
        }
        catch (SocketException)
        {
            // Somebody else has it indeed.
        }

        using var daemon = _program.Start("run");

        await SaysAsync(daemon, "There are no answers over HTTP: it cannot listen");
        await SaysAsync(daemon, "Backup completed successfully");
        await EndAsync(daemon);
    }

    private static double Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<HttpStatusCode> StatusOfAsync(string path)
    {
        using var answer = await _client.GetAsync(path, Cancellation);
        return answer.StatusCode;
    }

    private async Task<Process> StartAsync()
    {
        var daemon = _program.Start("run");
        await SaysAsync(daemon, "watches over");
        return daemon;
    }

    private static async Task SaysAsync(Process daemon, string words)
    {
        while (await daemon.StandardError.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Contains(words, StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"It ended without saying '{words}'.");
    }

    private static async Task EndAsync(Process daemon)
    {
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }
}
