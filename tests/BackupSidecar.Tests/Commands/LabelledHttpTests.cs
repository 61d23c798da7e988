using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Http;
using BackupSidecar.Tests.Reports;

namespace BackupSidecar.Tests.Commands;

/// <summary>What the daemon answers over HTTP where databases are backed up because of labels.</summary>
public sealed class LabelledHttpTests : IAsyncDisposable
{
    private const int TimeLimit = 60_000;

    private readonly LabelledScene _scene = new();
    private readonly HttpClient _client;

    public LabelledHttpTests()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        _scene.Program.Settings["BACKUP_HTTP_PORT"] = port.ToString();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _scene.DisposeAsync();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Every_labelled_database_has_its_numbers_and_its_verdict()
    {
        _scene.Program.Settings["BACKUP_CATCH_UP"] = "false";
        foreach (var project in new[] { "shop", "blog", "wiki" })
            _scene.Database(project);
        _scene.Followed(TimeSpan.FromDays(9));
        _scene.Followed(TimeSpan.FromDays(9), "blog");
        var good = _scene.Ran(RunOutcome.Succeeded, TimeSpan.FromHours(1));
        new History(_scene.Program.Path("state"), History.OfVerifications).Append(Sample.Succeeded with
        {
            Kind = RunKind.Verify,
            BackupName = "labels",
            Archive = good.Archive,
            FinishedAt = _scene.Now,
            Verified = [new VerifiedCopy(good.Archive!, "local", VerificationLevel.Content, VerificationResult.Good, Problem: null)],
        });
        using var daemon = await StartAsync();

        var values = PrometheusReader.Read(await _client.GetStringAsync("/metrics", Cancellation));
        var status = JsonDocument.Parse(await _client.GetStringAsync("/status", Cancellation)).RootElement;
        await EndAsync(daemon);

        const string Shop = "shop/db/1:shop/postgres-orders";
        Assert.Equal(86_400, values[$$"""backup_sidecar_expected_interval_seconds{name="{{Shop}}",kind="backup"}"""]);
        Assert.Equal(good.FinishedAt.ToUnixTimeSeconds(), values[$$"""backup_sidecar_last_success_timestamp_seconds{name="{{Shop}}"}"""], 1.0);
        Assert.Equal(_scene.Now.ToUnixTimeSeconds(), values[$$"""backup_sidecar_last_verified_timestamp_seconds{name="{{Shop}}",destination="local",level="content"}"""], 1.0);
        Assert.Equal([0, 1, 0], new[] { "shop", "blog", "wiki" }.Select(project => values[$$"""backup_sidecar_backup_overdue{name="{{project}}/db/1:{{project}}/postgres-orders"}"""]));
        Assert.Equal(1, values["""backup_sidecar_labels_readable{name="labels"}"""]);
        Assert.Equal(0, values["""backup_sidecar_labels_rejected{name="labels"}"""]);
        var labelled = status.GetProperty("labelled").EnumerateArray().ToDictionary(each => each.GetProperty("container").GetString()!);
        Assert.Equal(("well", good.Archive), (Text(labelled["shop-db-1"], "state"), Text(labelled["shop-db-1"].GetProperty("last_success"), "archive")));
        Assert.Equal("overdue", Text(labelled["blog-db-1"], "state"));
        Assert.Contains("has never been backed up", Text(labelled["blog-db-1"], "problem"), StringComparison.Ordinal);
        Assert.Equal("content", Text(labelled["shop-db-1"].GetProperty("verified")[0], "level"));
        Assert.Equal(JsonValueKind.Null, status.GetProperty("labels_problem").ValueKind);
        Assert.DoesNotContain("hunter22", status.ToString(), StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(true, "store/not/made/yet", HttpStatusCode.OK, "Disk: OK")]
    [InlineData(false, "store", HttpStatusCode.ServiceUnavailable, "Docker: (?!OK)")]
    [InlineData(true, "source/letter.txt/store", HttpStatusCode.ServiceUnavailable, "Disk: .*letter.txt/store cannot be written to")]
    public async Task It_is_ready_when_it_could_make_a_backup_and_not_only_when_it_has_made_one(bool hasDocker, string folder, HttpStatusCode status, string says)
    {
        if (!hasDocker)
            await _scene.Docker.GoDownAsync();
        _scene.Program.Settings["BACKUP_LOCAL_PATH"] = _scene.Program.Path(folder);
        using var daemon = await StartAsync();

        using var ready = await _client.GetAsync("/readyz", Cancellation);
        var text = await ready.Content.ReadAsStringAsync(Cancellation);
        await EndAsync(daemon);

        Assert.True(ready.StatusCode == status, text);
        Assert.Matches($"(?m)^{says}", text);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private async Task<Process> StartAsync()
    {
        var daemon = _scene.Program.Start("run");
        while (await daemon.StandardError.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Contains("watches over", StringComparison.Ordinal))
                break;
        }
        return daemon;
    }

    private static async Task EndAsync(Process daemon)
    {
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }
}
