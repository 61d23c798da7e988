using System.Net;
using System.Text.Json.Nodes;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Backrest;

/// <summary>Backrest's API as its web interface uses it: Connect over HTTP, as JSON, with a login. It counts its configuration up as Backrest does.</summary>
internal sealed class FakeBackrest : IAsyncDisposable
{
    private const string Token = "a.token.of.the.fake";

    private readonly TinyHttpServer _server;
    private bool _isGone;

    public FakeBackrest()
    {
        _server = new TinyHttpServer(new IPEndPoint(IPAddress.Loopback, 0), (request, _) => Task.FromResult(Answer(request)));
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_server.EndPoint!).Port}/"); // It listens.
    }

    public Uri Url { get; }

    public JsonObject Config { get; set; } = new() { ["modno"] = 3, ["version"] = 4 };

    public string? Password { get; set; }

    /// <summary>Runs before a configuration is set: what somebody else does in that moment.</summary>
    public Action<FakeBackrest> BeforeSet { get; set; } = _ => { };

    /// <summary>Newer versions have a code for a conflict; older ones only words.</summary>
    public bool IsOld { get; set; }

    /// <summary>What it says to any configuration, or null.</summary>
    public string? Refusal { get; set; }

    public List<string> Calls { get; } = [];

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _isGone, true) ? ValueTask.CompletedTask : _server.DisposeAsync();

    private TinyResponse Answer(TinyRequest request)
    {
        Calls.Add(request.Path);
        if (request.Method != "POST" || !request.Head.Contains("Content-Type: application/json", StringComparison.OrdinalIgnoreCase))
            return Error(415, "unknown", "unsupported");
        if (request.Path == "/v1.Authentication/Login")
        {
            var login = JsonNode.Parse(request.Body)!;
            return (string?)login["username"] == "admin" && (string?)login["password"] == Password
                ? new TinyResponse(200, new JsonObject { ["token"] = Token }.ToJsonString())
                : Error(401, "unauthenticated", "invalid password");
        }
        if (Password is not null && !request.Head.Contains($"Authorization: Bearer {Token}", StringComparison.Ordinal))
            return new TinyResponse(401, "Unauthorized (No Authorization Header)", "text/plain");
        return request.Path switch
        {
            "/v1.Backrest/GetConfig" => new TinyResponse(200, Config.ToJsonString()),
            "/v1.Backrest/SetConfig" => Set(JsonNode.Parse(request.Body)!.AsObject()),
            _ => Error(404, "unimplemented", "not found"),
        };
    }

    private TinyResponse Set(JsonObject config)
    {
        BeforeSet(this);
        if (Refusal is not null)
            return Error(500, "unknown", Refusal);
        if ((int)config["modno"]! != (int)Config["modno"]!)
            return IsOld ? Error(500, "unknown", "config modno mismatch, reload and try again") : Error(400, "failed_precondition", "stale configuration");
        config["modno"] = (int)Config["modno"]! + 1;
        Config = config;
        return new TinyResponse(200, Config.ToJsonString());
    }

    private static TinyResponse Error(int status, string code, string message) =>
        new(status, new JsonObject { ["code"] = code, ["message"] = message }.ToJsonString());
}
