using System.Text.Json.Serialization;

namespace BackupSidecar.Docker;

/// <summary>A container to make, for one program that runs to its end.</summary>
internal sealed record ContainerSpec
{
    public required string Image { get; init; }

    /// <summary>Arguments for the image's entry point, or the program where it has none.</summary>
    public required IReadOnlyList<string> Cmd { get; init; }

    /// <summary>NAME=value; seen by whoever may inspect the container.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public SpecHostConfig HostConfig { get; init; } = new();
}

/// <summary>What the new container gets of the host.</summary>
internal sealed record SpecHostConfig
{
    /// <summary>"/on/host:/in/container:ro".</summary>
    public IReadOnlyList<string> Binds { get; init; } = [];
}

/// <summary>A line of what the engine tells while it pulls an image.</summary>
internal sealed record PullProgress
{
    [JsonPropertyName("error")]
    public string? Error { get; init; }
}
