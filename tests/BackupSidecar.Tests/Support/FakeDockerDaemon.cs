using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace BackupSidecar.Tests.Support;

/// <summary>A container of the fake, and how it misbehaves.</summary>
internal sealed class FakeContainer(string id, string name)
{
    public string Id { get; set; } = id;

    public string Name { get; } = name;

    public Dictionary<string, string> Labels { get; } = [];

    public string Status { get; set; } = "running";

    public bool AutoRemove { get; set; }

    public string[] Aliases { get; set; } = [];

    public string? PublishedPort { get; set; }

    public bool IgnoresStop { get; set; }

    /// <summary>How it ended, once it has.</summary>
    public int ExitCode { get; set; }

    public int FailingStops { get; set; }

    public int FailingStarts { get; set; }

    /// <summary>A stop that is held here until the test lets it go.</summary>
    public TaskCompletionSource? StopHeld { get; set; }

    /// <summary>As the engine describes them.</summary>
    public List<JsonObject> Mounts { get; } = [];

    /// <summary>When it last began to run; null where nobody asks.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>Process, parent, state and name of what runs in it.</summary>
    public List<string[]> Processes { get; } = [];

    public int FailingRestarts { get; set; }

    /// <summary>What it is after a restart.</summary>
    public string StatusAfterRestart { get; set; } = "running";

    /// <summary>The body that it was made with, if a client made it.</summary>
    public JsonNode? MadeWith { get; set; }

    public bool IsRunning => Status is "running" or "paused" or "restarting";
}

/// <summary>
/// A Docker engine over a real socket that knows the calls that we make, records them, and fails on cue. It holds no
/// processes, only states: a program that is run in a container of it begins, and says nothing for ever.
/// </summary>
internal sealed class FakeDockerDaemon : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fake-docker-");
    private readonly List<FakeContainer> _containers = [];
    private readonly List<(string Text, long At)> _calls = [];
    private readonly List<(string Call, TaskCompletionSource Seen)> _awaited = [];
    private readonly List<Channel<string>> _listeners = [];
    private readonly bool _isTcp;
    private TinyHttpServer? _server;
    private int _nextId = 1;

    public FakeDockerDaemon(bool tcp = false)
    {
        _isTcp = tcp;
        Start();
    }

    public Uri Host => _isTcp ? new Uri($"tcp://127.0.0.1:{((IPEndPoint)_server!.EndPoint!).Port}") : new Uri("unix://" + SocketPath);

    public string SocketPath => Path.Combine(_folder.FullName, "docker.sock");

    public string? ApiVersion { get; set; } = "1.41";

    public Version MinimumApiVersion { get; set; } = new(1, 12);

    /// <summary>Behaves as a socket proxy that lets only these methods through.</summary>
    public string[] AllowedMethods { get; set; } = ["GET", "POST", "DELETE"];

    /// <summary>What a container that a client made says, and how its program ends.</summary>
    public Func<FakeContainer, (string Output, int ExitCode)> Program { get; set; } = _ => ("", 0);

    /// <summary>Images that are not there until they are pulled.</summary>
    public HashSet<string> MissingImages { get; } = [];

    /// <summary>Is called when an image is asked for.</summary>
    public Action? Pulling { get; set; }

    /// <summary>Answers nothing to calls that contain this.</summary>
    public string? HangsOn { get; set; }

    /// <summary>Answers this to everything but pings.</summary>
    public TinyResponse? Nonsense { get; set; }

    /// <summary>Runs inside the engine's stop call.</summary>
    public Action<FakeContainer> OnStop { get; set; } = _ => { };

    /// <summary>"stop app-1", "start app-1", in the order in which they came.</summary>
    public IReadOnlyList<string> Changes => Recorded(call => call.StartsWith("stop ", StringComparison.Ordinal) || call.StartsWith("start ", StringComparison.Ordinal));

    /// <summary>When the first start came in at or after a moment, both by the stopwatch of this process; null if none did.</summary>
    public long? FirstStartSince(long moment)
    {
        lock (_gate)
            return _calls.Where(call => call.At >= moment && call.Text.StartsWith("start ", StringComparison.Ordinal)).Select(call => (long?)call.At).FirstOrDefault();
    }

    /// <summary>The names of those that do not run.</summary>
    public IReadOnlyList<string> Standing
    {
        get
        {
            lock (_gate)
                return [.. _containers.Where(container => !container.IsRunning).Select(container => container.Name)];
        }
    }

    /// <summary>The calls that begin so.</summary>
    public IReadOnlyList<string> Recorded(string beginning) => Recorded(call => call.StartsWith(beginning, StringComparison.Ordinal));

    public IReadOnlyList<string> Paths => Recorded(call => call.StartsWith('/'));

    public FakeContainer Add(string name, string? project = null, string? service = null, int number = 1)
    {
        var container = new FakeContainer(string.Concat(Enumerable.Repeat($"{_nextId++:x8}", 8)), name);
        if (project is not null)
        {
            container.Labels["com.docker.compose.project"] = project;
            container.Labels["com.docker.compose.service"] = service ?? name;
            container.Labels["com.docker.compose.container-number"] = number.ToString();
            container.Labels["com.docker.compose.oneoff"] = "False";
        }
        lock (_gate)
            _containers.Add(container);
        return container;
    }

    /// <summary>Forgets the calls that came until now.</summary>
    public void Forget()
    {
        lock (_gate)
            _calls.Clear();
    }

    public void Remove(FakeContainer container)
    {
        lock (_gate)
            _containers.Remove(container);
    }

    /// <summary>Tells whoever follows the events.</summary>
    public void Tell(string action, FakeContainer container)
    {
        var attributes = JsonSerializer.SerializeToNode(container.Labels)!.AsObject();
        attributes["name"] = container.Name;
        var told = new JsonObject { ["Type"] = "container", ["Action"] = action, ["Actor"] = new JsonObject { ["ID"] = container.Id, ["Attributes"] = attributes } };
        lock (_gate)
            _listeners.ForEach(listener => listener.Writer.TryWrite(told.ToJsonString() + "\n"));
    }

    /// <summary>Ends the connections of whoever follows the events.</summary>
    public void BreakEvents()
    {
        lock (_gate)
        {
            _listeners.ForEach(listener => listener.Writer.TryComplete());
            _listeners.Clear();
        }
    }

    /// <summary>Completes when such a call comes in, or has come in; fails after a minute.</summary>
    public Task Saw(string call)
    {
        lock (_gate)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_calls.Exists(known => known.Text == call))
                seen.SetResult();
            else
                _awaited.Add((call, seen));
            return seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    public void Start() =>
        _server = new TinyHttpServer(_isTcp ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(SocketPath), AnswerAsync);

    /// <summary>The engine goes away: the socket stays, nobody listens.</summary>
    public async Task GoDownAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
        File.Delete(SocketPath);
    }

    public async ValueTask DisposeAsync()
    {
        await GoDownAsync();
        _folder.Delete(recursive: true);
    }

    private List<string> Recorded(Func<string, bool> which)
    {
        lock (_gate)
            return [.. _calls.Select(call => call.Text).Where(which)];
    }

    private async Task<TinyResponse> AnswerAsync(TinyRequest request, CancellationToken cancellation)
    {
        Record(request.Path);
        if (HangsOn is not null && request.Path.Contains(HangsOn, StringComparison.Ordinal))
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        if (!AllowedMethods.Contains(request.Method))
            return new TinyResponse(403, "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>", "text/html");
        if (request.Path == "/_ping")
            return new TinyResponse(200, "OK", "text/plain", ApiVersion);
        if (Nonsense is not null)
            return Nonsense;

        var parts = request.Path.TrimStart('/').Split('/').ToList();
        if (Version.TryParse(parts[0].TrimStart('v'), out var asked))
        {
            parts.RemoveAt(0);
            if (asked < MinimumApiVersion)
                return Error(400, $"client version {asked} is too old. Minimum supported API version is {MinimumApiVersion}, please upgrade your client to a newer version");
        }
        if (parts is ["containers", "json"])
            return new TinyResponse(200, List(request.Query).ToJsonString());
        if (parts is ["events"])
            return new TinyResponse(200) { Stream = Listen() };
        if (parts is ["containers", "create"])
            return Create(JsonNode.Parse(request.Body)!);
        if (parts is ["images", "create"])
            return Pull(Uri.UnescapeDataString(request.Query.Split("fromImage=")[1]));
        if (parts is ["exec", _, var what])
            return what == "start" ? new TinyResponse(101) : new TinyResponse(200, """{"Running":true}""");
        if (parts is ["volumes"])
            return new TinyResponse(200, """{"Volumes":[],"Warnings":[]}""");
        if (parts is not ["containers", _, ..])
            return Error(404, "page not found");
        if (Find(Uri.UnescapeDataString(parts[1])) is not { } container)
            return Error(404, $"No such container: {parts[1]}");
        if (parts.Count == 2 && request.Method == "DELETE")
        {
            Record($"remove {container.Name}");
            Remove(container);
            return new TinyResponse(204);
        }
        if (parts.Count != 3)
            return Error(404, "page not found");
        return parts[2] switch
        {
            "top" => new TinyResponse(200, new JsonObject { ["Processes"] = JsonSerializer.SerializeToNode(container.Processes.Select(process => Columns(request.Query).Select(column => process[column]))) }.ToJsonString()),
            "restart" => Restart(container, request.Query),
            "logs" => Logs(container),
            "json" => new TinyResponse(200, Describe(container).ToJsonString()),
            "exec" => new TinyResponse(201, """{"Id":"1"}"""),
            "stop" => await StopAsync(container, cancellation),
            "start" => StartContainer(container),
            _ => Error(404, "page not found"),
        };
    }

    private void Record(string call)
    {
        lock (_gate)
        {
            _calls.Add((call, Stopwatch.GetTimestamp()));
            foreach (var (_, seen) in _awaited.Where(awaited => awaited.Call == call))
                seen.TrySetResult();
        }
    }

    private ChannelReader<string> Listen()
    {
        var listener = Channel.CreateUnbounded<string>();
        lock (_gate)
            _listeners.Add(listener);
        Record("listening");
        return listener.Reader;
    }

    private TinyResponse Restart(FakeContainer container, string query)
    {
        Record($"restart {container.Name} {query}");
        if (container.FailingRestarts-- > 0)
            return Error(500, "cannot restart container: tried to kill it, but did not receive an exit event");
        container.Status = container.StatusAfterRestart;
        return new TinyResponse(204);
    }

    private TinyResponse Create(JsonNode body)
    {
        if (MissingImages.Contains((string)body["Image"]!))
            return Error(404, $"No such image: {body["Image"]}");
        var container = Add($"made-{_nextId}");
        container.Status = "created";
        container.MadeWith = body;
        foreach (var (key, value) in body["Labels"]!.AsObject())
            container.Labels[key] = (string)value!;
        Record($"create {string.Join(' ', body["Cmd"]!.AsArray())}");
        return new TinyResponse(201, new JsonObject { ["Id"] = container.Id }.ToJsonString());
    }

    private TinyResponse Pull(string image)
    {
        Record($"pull {image}");
        Pulling?.Invoke();
        MissingImages.RemoveWhere(missing => missing == image || missing + ":latest" == image);
        return new TinyResponse(200, "{\"status\":\"Pulling\"}\n" + (image.Contains("nowhere") ? "{\"error\":\"manifest unknown\"}\n" : ""));
    }

    /// <summary>The program has run by the time that anybody listens.</summary>
    private TinyResponse Logs(FakeContainer container)
    {
        var (output, code) = Program(container);
        (container.Status, container.ExitCode) = ("exited", code);
        var frames = Channel.CreateUnbounded<string>();
        if (output.Length > 0)
            frames.Writer.TryWrite($"\u0001\0\0\0\0\0{(char)(output.Length >> 8)}{(char)(output.Length & 0xff)}{output}");
        frames.Writer.Complete();
        return new TinyResponse(200) { Stream = frames.Reader };
    }

    private FakeContainer? Find(string idOrName)
    {
        lock (_gate)
            return _containers.Find(container => container.Id == idOrName || container.Name == idOrName) ?? _containers.Find(container => container.Id.StartsWith(idOrName, StringComparison.Ordinal));
    }

    /// <summary>Those that were asked for, in that order.</summary>
    private static IEnumerable<int> Columns(string query) =>
        Uri.UnescapeDataString(query).Split(' ')[^1].Split(',').Select(name => Array.IndexOf(["pid", "ppid", "stat", "comm"], name));

    private JsonArray List(string query)
    {
        var filters = Uri.UnescapeDataString(query.Split("filters=")[1]);
        var wanted = JsonDocument.Parse(filters).RootElement.GetProperty("label").EnumerateArray().Select(label => label.GetString()).ToList();
        lock (_gate)
        {
            return new JsonArray([.. _containers
                .Where(container => wanted.All(label => container.Labels.Any(own => $"{own.Key}={own.Value}" == label)))
                .Select(container => new JsonObject
                {
                    ["Id"] = container.Id,
                    ["Names"] = new JsonArray("/" + container.Name),
                    ["Created"] = Convert.ToInt64(container.Id[..8], 16),
                    ["Labels"] = JsonSerializer.SerializeToNode(container.Labels),
                    ["State"] = container.Status,
                    ["NetworkSettings"] = Networks(container),
                })]);
        }
    }

    private static JsonObject Describe(FakeContainer container) => new()
    {
        ["Id"] = container.Id,
        ["Name"] = "/" + container.Name,
        ["State"] = new JsonObject
        {
            ["Running"] = container.IsRunning,
            ["Paused"] = container.Status == "paused",
            ["Restarting"] = container.Status == "restarting",
            ["ExitCode"] = container.ExitCode,
            ["StartedAt"] = container.StartedAt is { } at ? $"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffff}89Z" : "0001-01-01T00:00:00Z",
        },
        ["Config"] = new JsonObject { ["Hostname"] = container.Id[..12], ["Labels"] = JsonSerializer.SerializeToNode(container.Labels) },
        ["HostConfig"] = new JsonObject { ["AutoRemove"] = container.AutoRemove },
        ["Mounts"] = new JsonArray([.. container.Mounts.Select(mount => mount.DeepClone())]),
        ["NetworkSettings"] = new JsonObject
        {
            ["Networks"] = Networks(container)["Networks"]!.DeepClone(),
            ["Ports"] = new JsonObject
            {
                ["80/tcp"] = null,
                ["2375/tcp"] = container.PublishedPort is null ? null : new JsonArray(new JsonObject { ["HostIp"] = "0.0.0.0", ["HostPort"] = container.PublishedPort }),
            },
        },
    };

    private static JsonObject Networks(FakeContainer container) => new()
    {
        ["Networks"] = new JsonObject { ["net"] = new JsonObject { ["Aliases"] = JsonSerializer.SerializeToNode(container.Aliases), ["IPAddress"] = "172.30.0.9" } },
    };

    private async Task<TinyResponse> StopAsync(FakeContainer container, CancellationToken cancellation)
    {
        OnStop(container);
        Record($"stop {container.Name}");
        if (container.FailingStops-- > 0)
            return Error(500, $"cannot stop container: {container.Id}: permission denied");
        if (container.StopHeld is not null)
            await container.StopHeld.Task.WaitAsync(cancellation);
        if (!container.IsRunning)
            return new TinyResponse(304);
        if (!container.IgnoresStop)
            container.Status = "exited";
        return new TinyResponse(204);
    }

    private TinyResponse StartContainer(FakeContainer container)
    {
        Record($"start {container.Name}");
        if (container.FailingStarts-- > 0)
            return Error(500, "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated");
        if (container.IsRunning)
            return new TinyResponse(304);
        container.Status = "running";
        return new TinyResponse(204);
    }

    private static TinyResponse Error(int status, string message) => new(status, new JsonObject { ["message"] = message }.ToJsonString());
}
