using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using BackupSidecar.Configuration.Backrest;

namespace BackupSidecar.Backrest.Configs;

/// <summary>
/// The configuration as Backrest itself hands it out and takes it back, over the HTTP API of its web interface (Connect, as JSON).
/// What is set there is in force at once. Backrest takes it only if nobody changed it since, and puts the secrets back in that it had masked.
/// </summary>
internal sealed class ConfigApi(ApiSettings settings, HttpClient client) : IConfigStore
{
    private const string GetConfig = "v1.Backrest/GetConfig";
    private const string SetConfig = "v1.Backrest/SetConfig";
    private const string Login = "v1.Authentication/Login";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private string? _token;

    public string Location => settings.Url.GetLeftPart(UriPartial.Path);

    public bool CountsUp => false;

    /// <summary>That, only Backrest knows.</summary>
    public void CheckReplaceable()
    {
    }

    /// <summary>Backrest has no place for such a note.</summary>
    public IReadOnlyList<string> LongerPrefixes(string prefix, bool mayWrite) => [];

    public async Task<ConfigText?> ReadAsync(CancellationToken cancellation)
    {
        var (status, body) = await CallAsync(GetConfig, "{}"u8.ToArray(), cancellation);
        return status == HttpStatusCode.OK ? ConfigText.Parse(body, Location) : throw Refused("reading its configuration", status, body);
    }

    public async Task<bool> TryReplaceAsync(ConfigText read, byte[] text, CancellationToken cancellation)
    {
        var (status, body) = await CallAsync(SetConfig, text, cancellation);
        if (status == HttpStatusCode.OK)
            return true;
        return IsConflict(body) ? false : throw Refused("changing its configuration", status, body);
    }

    /// <summary>Versions differ in the code, but not in the word.</summary>
    private static bool IsConflict(byte[] body) =>
        Field(body, "code") is "failed_precondition" or "aborted" || Field(body, "message")?.Contains("modno", StringComparison.OrdinalIgnoreCase) == true;

    private async Task<(HttpStatusCode Status, byte[] Body)> CallAsync(string method, byte[] body, CancellationToken cancellation)
    {
        if (settings.Password is not null)
            _token ??= await LoginAsync(cancellation);
        var answer = await PostAsync(method, body, cancellation);
        if (answer.Status != HttpStatusCode.Unauthorized || settings.Password is null)
            return answer;
        // Tokens end, at the latest with the Backrest that gave them.
        _token = await LoginAsync(cancellation);
        return await PostAsync(method, body, cancellation);
    }

    private async Task<string> LoginAsync(CancellationToken cancellation)
    {
        _token = null;
        var body = new JsonObject { ["username"] = settings.User, ["password"] = settings.Password!.Reveal() }; // Whoever calls has looked.
        var (status, answer) = await PostAsync(Login, JsonSerializer.SerializeToUtf8Bytes(body), cancellation);
        return status == HttpStatusCode.OK && Field(answer, "token") is { } token
            ? token
            : throw Refused($"logging in as {settings.User}", status, answer);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(string method, byte[] body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.Url, method))
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.Add("Connect-Protocol-Version", "1");
        if (_token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            using var response = await client.SendAsync(request, limit.Token);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (HttpRequestException error)
        {
            throw new BackrestException($"Backrest at {Location} cannot be reached: {error.Message}. Is it up, and is --backrest-url right?", error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new BackrestException($"Backrest at {Location} did not answer within {Limit.TotalSeconds:0} seconds.", error);
        }
    }

    private BackrestException Refused(string attempt, HttpStatusCode status, byte[] body)
    {
        var advice = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => " Set BACKREST_USER and BACKREST_PASSWORD (or BACKREST_PASSWORD_FILE).",
            HttpStatusCode.NotFound => " Is that the address of a Backrest?",
            _ => "",
        };
        return new BackrestException($"Backrest at {Location}: {attempt} failed. HTTP {(int)status}: {Field(body, "message") ?? "no reason given"}.{advice}");
    }

    private static string? Field(byte[] body, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TextOf(name) is { Length: > 0 } text ? text : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
