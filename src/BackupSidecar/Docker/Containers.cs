using System.Globalization;
using System.Text.Json.Serialization;

namespace BackupSidecar.Docker;

/// <summary>A container as the engine lists it. Names carry the engine's leading slash.</summary>
internal sealed record ContainerSummary
{
    public required string Id { get; init; }

    public IReadOnlyList<string>? Names { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>"running", "exited" and so on.</summary>
    public string? State { get; init; }

    /// <summary>The image's name as it was given, or its id.</summary>
    public string? Image { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public long Created { get; init; }

    public IReadOnlyList<ContainerMount>? Mounts { get; init; }

    public ContainerNetworkSettings? NetworkSettings { get; init; }

    [JsonIgnore]
    public string PlainName => Names is [_, ..] ? (Names.FirstOrDefault(name => name.LastIndexOf('/') == 0) ?? Names[0]).TrimStart('/') : Id;

    public string? Label(string key) => Labels?.GetValueOrDefault(key);

    public bool HasName(string name) => Names?.Contains("/" + name) == true;
}

/// <summary>A container as the engine describes it when asked for it alone; only what is used here.</summary>
internal sealed record ContainerDetails
{
    public required string Id { get; init; }

    /// <summary>With the engine's leading slash; see <see cref="PlainName"/>.</summary>
    public required string Name { get; init; }

    public required ContainerState State { get; init; }

    /// <summary>The id of the image that it was made of, whatever its name means by now.</summary>
    public string? Image { get; init; }

    public IReadOnlyList<ContainerMount>? Mounts { get; init; }

    public ContainerConfig? Config { get; init; }

    public ContainerHostConfig? HostConfig { get; init; }

    public ContainerNetworkSettings? NetworkSettings { get; init; }

    [JsonIgnore]
    public string PlainName => Name.TrimStart('/');

    [JsonIgnore]
    public IEnumerable<string> LabelKeys => Config?.Labels?.Keys ?? [];

    public string? Label(string key) => Config?.Labels?.GetValueOrDefault(key);
}

/// <summary>What a container is doing. A paused or restarting container counts as running, too.</summary>
internal sealed record ContainerState
{
    public bool Running { get; init; }

    public bool Paused { get; init; }

    public bool Restarting { get; init; }

    public int ExitCode { get; init; }

    /// <summary>As the engine writes it; see <see cref="Started"/>.</summary>
    public string? StartedAt { get; init; }

    /// <summary>When it last began to run; null if the engine does not say.</summary>
    [JsonIgnore]
    public DateTimeOffset? Started =>
        DateTimeOffset.TryParse(StartedAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    /// <summary>Whether it was killed for want of memory.</summary>
    [JsonPropertyName("OOMKilled")]
    public bool OomKilled { get; init; }
}

/// <summary>How a container was made: who it is, and what runs in it.</summary>
internal sealed record ContainerConfig
{
    public string? Hostname { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The image's name as it was given.</summary>
    public string? Image { get; init; }

    public IReadOnlyList<string>? Entrypoint { get; init; }

    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>NAME=value, those of the image among them.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    public string? User { get; init; }

    public string? WorkingDir { get; init; }
}

/// <summary>How a container was made: what of it tells what the engine does with it.</summary>
internal sealed record ContainerHostConfig
{
    /// <summary>Made with <c>--rm</c>: the engine removes it, with its anonymous volumes, as soon as it stops.</summary>
    public bool AutoRemove { get; init; }

    public long ShmSize { get; init; }

    public IReadOnlyList<ContainerUlimit>? Ulimits { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }
}

/// <summary>Something that is mounted into a container: a volume, a folder or file of the host ("bind"), or memory ("tmpfs").</summary>
internal sealed record ContainerMount
{
    private const int MadeUpNameLength = 64;

    public string? Type { get; init; }

    /// <summary>Of a volume; 64 hex digits if nobody gave it one.</summary>
    public string? Name { get; init; }

    /// <summary>Where it lies on the engine's host.</summary>
    public string? Source { get; init; }

    /// <summary>Where it is seen in the container.</summary>
    public required string Destination { get; init; }

    /// <summary>Whether the container may write to it.</summary>
    [JsonPropertyName("RW")]
    public bool IsWritable { get; init; }

    /// <summary>Whether it is a volume that nobody gave a name: the engine made one up.</summary>
    [JsonIgnore]
    public bool IsAnonymous => this is { Type: MountType.Volume, Name.Length: MadeUpNameLength } && Name.All(char.IsAsciiHexDigit);
}

/// <summary>By which names and ports a container can be reached.</summary>
internal sealed record ContainerNetworkSettings
{
    public IReadOnlyDictionary<string, ContainerNetwork?>? Networks { get; init; }

    /// <summary>"2375/tcp" to where it is published on the host; null values for ports that are only exposed.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PublishedPort>?>? Ports { get; init; }
}

/// <summary>What a container is called in one of its networks.</summary>
internal sealed record ContainerNetwork
{
    public IReadOnlyList<string>? Aliases { get; init; }

    public string? IPAddress { get; init; }
}

/// <summary>Where on the host a port of a container is published.</summary>
internal sealed record PublishedPort
{
    public string? HostPort { get; init; }
}

/// <summary>A program to run in a container.</summary>
internal sealed record ExecRequest
{
    public required IReadOnlyList<string> Cmd { get; init; }

    /// <summary>NAME=value; seen by that program and by whoever may inspect it.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    public bool AttachStdin { get; init; } = true;

    public bool AttachStdout { get; init; } = true;

    public bool AttachStderr { get; init; } = true;
}

/// <summary>What a program in a container is called, and how it ended.</summary>
internal sealed record ExecState
{
    public string? Id { get; init; }

    public bool Running { get; init; }

    /// <summary>Null while it runs, or where nobody knows.</summary>
    public int? ExitCode { get; init; }
}

/// <summary>How a program in a container is started.</summary>
internal sealed record ExecStart(bool Detach = false, bool Tty = false);

/// <summary>The body of an answer by which the engine refuses.</summary>
internal sealed record EngineError
{
    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

[JsonSerializable(typeof(IReadOnlyList<ContainerSummary>))]
[JsonSerializable(typeof(ContainerDetails))]
[JsonSerializable(typeof(EngineError))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(ExecState))]
[JsonSerializable(typeof(ExecStart))]
[JsonSerializable(typeof(EngineEvent))]
[JsonSerializable(typeof(ContainerSpec))]
[JsonSerializable(typeof(PullProgress))]
[JsonSerializable(typeof(ProcessTable))]
[JsonSerializable(typeof(Dictionary<string, IEnumerable<string>>))]
internal sealed partial class DockerJson : JsonSerializerContext;
