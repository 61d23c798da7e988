using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using BackupSidecar.Failpoints;

namespace BackupSidecar.Docker;

/// <summary>
/// A client of the Docker engine's HTTP API: the few calls that are needed here, typed. It speaks the newest version that
/// both sides know, asks again after the connection was lost, and no call of it waits for ever.
/// </summary>
internal sealed partial class DockerEngine : IDisposable
{
    /// <summary>The name of no container.</summary>
    private const string Probe = "backup-sidecar-probe-that-does-not-exist";

    private static readonly Version NewestKnown = new(1, 51);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(30);

    /// <summary>For files of any size: only so that nobody waits for ever.</summary>
    private static readonly TimeSpan CopyLimit = TimeSpan.FromHours(12);

    private readonly DockerEndpoint _endpoint;
    private readonly TimeProvider _time;
    private HttpClient? _client;
    private volatile string? _versionPrefix;

    /// <summary>Connects to nothing yet: an address that cannot be used is reported by the first call.</summary>
    public DockerEngine(Uri host, TimeProvider time)
    {
        _endpoint = new DockerEndpoint(host);
        _time = time;
    }

    /// <summary>The clock that its limits go by.</summary>
    public TimeProvider Time => _time;

    /// <summary>Made when it is first needed: the daemon between its runs needs none, and no memory for one.</summary>
    private HttpClient Client => LazyInitializer.EnsureInitialized(ref _client, () => new HttpClient(_endpoint.CreateHandler())
    {
        BaseAddress = _endpoint.BaseAddress,
        Timeout = Timeout.InfiniteTimeSpan,
    });

    /// <summary>All containers, running or not.</summary>
    public Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(CancellationToken cancellation) =>
        ListContainersAsync(new Dictionary<string, string>(), cancellation);

    /// <summary>All containers, running or not, that carry all of the labels with these values.</summary>
    public async Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(
        IReadOnlyDictionary<string, string> labels, CancellationToken cancellation)
    {
        const string attempt = "listing containers";
        var answer = await SendAsync(HttpMethod.Get, $"/containers/json?all=true&filters={Filter(labels)}", attempt, CallLimit, cancellation);
        ThrowIfRefused(answer, attempt);
        return Read(answer, DockerJson.Default.IReadOnlyListContainerSummary, attempt);
    }

    /// <summary>The container of that id or name, or null if there is none.</summary>
    public async Task<ContainerDetails?> InspectAsync(string idOrName, CancellationToken cancellation)
    {
        var attempt = $"looking up container {idOrName}";
        var answer = await SendAsync(HttpMethod.Get, $"/containers/{Uri.EscapeDataString(idOrName)}/json", attempt, CallLimit, cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
            return null;
        ThrowIfRefused(answer, attempt);
        return Read(answer, DockerJson.Default.ContainerDetails, attempt);
    }

    /// <summary>Asks the container to stop; the engine kills it after <paramref name="timeout"/>. One that is stopped stays so.</summary>
    public async Task StopAsync(string id, TimeSpan timeout, CancellationToken cancellation)
    {
        var seconds = (long)Math.Ceiling(timeout.TotalSeconds);
        var attempt = $"stopping container {id}";
        FailIfTold(Failpoint.BeforeStop, attempt);
        var answer = await SendAsync(
            HttpMethod.Post, $"/containers/{Uri.EscapeDataString(id)}/stop?t={seconds}", attempt, timeout + StopMargin, cancellation);
        FailIfTold(Failpoint.AfterStop, attempt);
        ThrowIfRefused(answer, attempt);
    }

    /// <summary>Starts the container. Returns false if it was running.</summary>
    public async Task<bool> StartAsync(string id, CancellationToken cancellation)
    {
        var attempt = $"starting container {id}";
        FailIfTold(Failpoint.BeforeStart, attempt);
        var answer = await SendAsync(HttpMethod.Post, $"/containers/{Uri.EscapeDataString(id)}/start", attempt, StartLimit, cancellation);
        FailIfTold(Failpoint.AfterStart, attempt);
        ThrowIfRefused(answer, attempt);
        return answer.Status != HttpStatusCode.NotModified;
    }

    /// <summary>Stops the container and starts it again; the engine kills it after <paramref name="timeout"/>.</summary>
    public async Task RestartAsync(string id, TimeSpan timeout, CancellationToken cancellation)
    {
        var attempt = $"restarting container {id}";
        var path = $"/containers/{Uri.EscapeDataString(id)}/restart?t={(long)Math.Ceiling(timeout.TotalSeconds)}";
        ThrowIfRefused(await SendAsync(HttpMethod.Post, path, attempt, timeout + StopMargin + StartLimit, cancellation), attempt);
    }

    /// <summary>
    /// Asks for a stop and a start of a container that does not exist: the engine does not find it, and a proxy that allows only one of
    /// the two, or neither, says so.
    /// </summary>
    /// <exception cref="DockerException">Stopping or starting is not allowed, or the engine cannot be reached.</exception>
    public async Task EnsureMayStopAndStartAsync(CancellationToken cancellation)
    {
        foreach (var (what, attempt) in new[] { ("stop", "asking whether containers may be stopped"), ("start", "asking whether containers may be started") })
        {
            var answer = await SendAsync(HttpMethod.Post, $"/containers/{Probe}/{what}", attempt, CallLimit, cancellation);
            if (answer.Status != HttpStatusCode.NotFound)
                ThrowIfRefused(answer, attempt);
        }
    }

    /// <summary>Starts a program in a running container, attached to its standard streams.</summary>
    /// <param name="id">The container.</param>
    /// <param name="program">What to run.</param>
    /// <param name="onErrorLine">Called with each line of its standard error as it comes, from another thread.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="DockerException">The engine refuses, or a proxy before it does.</exception>
    public async Task<ContainerExec> ExecAsync(string id, ExecRequest program, Action<string> onErrorLine, CancellationToken cancellation)
    {
        var attempt = $"running {program.Cmd[0]} in container {id}";
        var answer = await SendAsync(
            HttpMethod.Post, $"/containers/{Uri.EscapeDataString(id)}/exec", attempt, CallLimit, cancellation,
            JsonSerializer.SerializeToUtf8Bytes(program, DockerJson.Default.ExecRequest));
        ThrowIfRefused(answer, attempt);
        var exec = Read(answer, DockerJson.Default.ExecState, attempt).Id ?? throw new DockerException($"Docker engine at {_endpoint}: {attempt} failed. It got no id.");
        var connection = await WithLimitAsync(
            attempt, CallLimit, token => HijackedConnection.OpenAsync(_endpoint, $"{_versionPrefix}/exec/{exec}/start", token), cancellation);
        if (connection.Refusal is not { } refusal)
            return new ContainerExec(this, exec, connection, onErrorLine);
        connection.Dispose();
        throw new DockerException($"Docker engine at {_endpoint}: {attempt} failed. HTTP {(int)refusal}.", refusal);
    }

    /// <summary>What became of a program that was started in a container.</summary>
    public async Task<ExecState> InspectExecAsync(string exec, CancellationToken cancellation)
    {
        const string attempt = "asking how a program in a container ended";
        var answer = await SendAsync(HttpMethod.Get, $"/exec/{exec}/json", attempt, CallLimit, cancellation);
        ThrowIfRefused(answer, attempt);
        return Read(answer, DockerJson.Default.ExecState, attempt);
    }

    /// <summary>
    /// Unpacks a tar, written by <paramref name="writeTar"/>, into a folder of a container, which need not run. Owners and modes
    /// are those of the tar.
    /// </summary>
    public async Task PutArchiveAsync(
        string id, string folder, Func<Stream, CancellationToken, Task> writeTar, CancellationToken cancellation)
    {
        var attempt = $"putting files into {folder} of container {id}";
        var path = $"/containers/{Uri.EscapeDataString(id)}/archive?path={Uri.EscapeDataString(folder)}";
        var answer = await WithLimitAsync(
            attempt,
            CopyLimit,
            async token =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, (_versionPrefix ??= await NegotiateAsync(token)) + path)
                {
                    Content = new WrittenContent(writeTar),
                };
                return await ExchangeAsync(request, token);
            },
            cancellation);
        ThrowIfRefused(answer, attempt);
    }

    /// <summary>Hands a file or folder of a container, which need not run, to <paramref name="readTar"/> as a tar; false if it is not there.</summary>
    public async Task<bool> GetArchiveAsync(
        string id, string path, Func<Stream, CancellationToken, Task> readTar, CancellationToken cancellation)
    {
        var attempt = $"fetching {path} from container {id}";
        var refusal = await WithLimitAsync(
            attempt,
            CopyLimit,
            async token =>
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Get,
                    $"{_versionPrefix ??= await NegotiateAsync(token)}/containers/{Uri.EscapeDataString(id)}/archive?path={Uri.EscapeDataString(path)}");
                using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
                if (!response.IsSuccessStatusCode)
                    return new EngineAnswer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(token), ApiVersion: null, request.Method);
                await using var tar = await response.Content.ReadAsStreamAsync(token);
                await readTar(tar, token);
                return null;
            },
            cancellation);
        if (refusal is null)
            return true;
        if (refusal.Status == HttpStatusCode.NotFound)
            return false;
        ThrowIfRefused(refusal, attempt);
        return false;
    }

    public void Dispose() => _client?.Dispose();

    /// <summary>Opens an answer that goes on while the caller reads it; only its beginning has a time limit. Whoever opens it disposes it.</summary>
    /// <exception cref="DockerException">The engine refuses, or cannot be reached.</exception>
    internal async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, string attempt, CancellationToken cancellation)
    {
        var response = await WithLimitAsync(
            attempt,
            CallLimit,
            async token =>
            {
                using var request = new HttpRequestMessage(method, (_versionPrefix ??= await NegotiateAsync(token)) + path);
                return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
            },
            cancellation);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            ThrowIfRefused(new EngineAnswer(response.StatusCode, body, ApiVersion: null, method), attempt);
        }
        throw new DockerException($"Docker engine at {_endpoint}: {attempt} failed. HTTP {(int)response.StatusCode}.", response.StatusCode);
    }

    internal Task<EngineAnswer> SendAsync(
        HttpMethod method, string path, string attempt, TimeSpan limit, CancellationToken cancellation, byte[]? body = null) =>
        WithLimitAsync(
            attempt,
            limit,
            async token =>
            {
                var prefix = _versionPrefix ??= await NegotiateAsync(token);
                using var request = new HttpRequestMessage(method, prefix + path);
                if (body is not null)
                    request.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
                return await ExchangeAsync(request, token);
            },
            cancellation);

    /// <summary>
    /// The path prefix of the newest version that both sides know. Without a version in the answer there is no prefix, and
    /// the engine uses its own newest. An engine that knows only newer versions refuses the next call and says so.
    /// </summary>
    private async Task<string> NegotiateAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/_ping");
        var answer = await ExchangeAsync(request, cancellation);
        ThrowIfRefused(answer, "reaching it");
        if (!Version.TryParse(answer.ApiVersion, out var theirs))
            return "";
        var common = theirs < NewestKnown ? theirs : NewestKnown;
        return $"/v{common.Major}.{common.Minor}";
    }

    private async Task<EngineAnswer> ExchangeAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var response = await Client.SendAsync(request, cancellation);
        var version = response.Headers.TryGetValues("Api-Version", out var values) ? values.First() : null;
        return new EngineAnswer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation), version, request.Method);
    }

    private async Task<T> WithLimitAsync<T>(
        string attempt, TimeSpan limit, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        if (_endpoint.Fault is not null)
            throw new DockerException(_endpoint.Fault);
        using var timeout = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await call(either.Token);
        }
        catch (HttpRequestException error)
        {
            // What answers next may be another engine, after an upgrade.
            _versionPrefix = null;
            throw new DockerException($"Docker engine at {_endpoint}: {attempt} failed. {_endpoint.Explain(error)}", status: null, error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            _versionPrefix = null;
            throw new DockerException(
                $"Docker engine at {_endpoint}: {attempt} failed. No answer came within {limit.TotalSeconds:0} seconds.", status: null, error);
        }
    }

    /// <summary>As if the connection broke: before the engine heard of it, or before its answer came.</summary>
    private void FailIfTold(Failpoint point, string attempt)
    {
        try
        {
            MayFail.At(point, CancellationToken.None);
        }
        catch (FailpointException error)
        {
            throw new DockerException($"Docker engine at {_endpoint}: {attempt} failed. {error.Message}", status: null, error);
        }
    }

    internal T Read<T>(EngineAnswer answer, JsonTypeInfo<T> type, string attempt)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(answer.Body, type) ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException error)
        {
            throw new DockerException(
                $"Docker engine at {_endpoint}: {attempt} failed. The answer is not what a Docker engine says; is DOCKER_HOST right? {error.Message}",
                answer.Status, error);
        }
    }

    internal void ThrowIfRefused(EngineAnswer answer, string attempt)
    {
        if ((int)answer.Status < 300 || answer.Status == HttpStatusCode.NotModified)
            return;
        throw new DockerException(
            $"Docker engine at {_endpoint}: {attempt} failed. HTTP {(int)answer.Status}: {answer.Message}{Advice(answer, attempt)}", answer.Status);
    }

    private static string Advice(EngineAnswer answer, string attempt) => (answer.Status, answer.Method.Method) switch
    {
        (HttpStatusCode.Forbidden, "POST") when attempt.StartsWith("running ", StringComparison.Ordinal) =>
            " A socket proxy does not allow it: set EXEC=1 and POST=1 there, or use BACKUP_DUMP_VIA=client.",
        (HttpStatusCode.Forbidden, "POST" or "DELETE") when attempt.StartsWith("creating ", StringComparison.Ordinal) || attempt.StartsWith("removing ", StringComparison.Ordinal) =>
            " A socket proxy does not allow it: restore drills need CONTAINERS=1, IMAGES=1, VOLUMES=1, EXEC=1 and POST=1 there.",
        (HttpStatusCode.Forbidden, "PUT") => " A socket proxy does not allow it: set CONTAINERS=1 and POST=1 there.",
        (HttpStatusCode.Forbidden, "POST") when attempt.StartsWith("restarting ", StringComparison.Ordinal) =>
            " A socket proxy does not allow it: set CONTAINERS=1 with ALLOW_RESTARTS=1 there (or, with more rights, POST=1).",
        (HttpStatusCode.Forbidden, "GET") when attempt.StartsWith("following events", StringComparison.Ordinal) =>
            " A socket proxy does not allow it: set EVENTS=1 there.",
        (HttpStatusCode.Forbidden, "POST") =>
            " A socket proxy does not allow it: set CONTAINERS=1 with ALLOW_START=1 and ALLOW_STOP=1 there (or, with more rights, POST=1).",
        (HttpStatusCode.Forbidden, _) => " A socket proxy does not allow it: set PING=1 and CONTAINERS=1 there.",
        _ => "",
    };
}
