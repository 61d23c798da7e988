using System.Text.Json.Serialization;

namespace BackupSidecar.Docker;

/// <summary>What a new container is made of, as the engine takes it. What is null comes from the image.</summary>
internal sealed record ContainerCreation
{
    public required string Image { get; init; }

    public IReadOnlyList<string>? Entrypoint { get; init; }

    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>NAME=value, beside what the image sets itself.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public ContainerHealthcheck Healthcheck { get; } = new();

    public required ContainerCreationHost HostConfig { get; init; }
}

/// <summary>No health check, whatever the image says.</summary>
internal sealed record ContainerHealthcheck
{
    public IReadOnlyList<string> Test { get; } = ["NONE"];
}

/// <summary>What the engine does with a new container: apart from all networks, bounded, gentle to others, and never started by itself.</summary>
internal sealed record ContainerCreationHost
{
    public string NetworkMode { get; } = "none";

    public required long Memory { get; init; }

    public required long NanoCpus { get; init; }

    /// <summary>A quarter of what others weigh where the processor is short.</summary>
    public int CpuShares { get; } = 256;

    /// <summary>Where memory is short on the host, this goes before others.</summary>
    public int OomScoreAdj { get; } = 500;

    public long ShmSize { get; init; }

    public IReadOnlyList<ContainerUlimit>? Ulimits { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

    public IReadOnlyList<NewMount> Mounts { get; init; } = [];

    /// <summary>Kept on this host, whatever the engine does with the logs of others.</summary>
    public ContainerLogging LogConfig { get; } = new();
}

/// <summary>A bound of what processes of a container may use.</summary>
internal sealed record ContainerUlimit(string Name, long Soft, long Hard);

/// <summary>Where a container's output goes.</summary>
internal sealed record ContainerLogging
{
    public string Type { get; } = "json-file";

    public IReadOnlyDictionary<string, string> Config { get; } = new Dictionary<string, string> { ["max-size"] = "1m" };
}

/// <summary>The engine's words for kinds of mounts.</summary>
internal static class MountType
{
    public const string Bind = "bind";
    public const string Volume = "volume";
    public const string Memory = "tmpfs";
}

/// <summary>A mount to be made. A volume without a source is anonymous, and goes with its container.</summary>
internal sealed record NewMount
{
    public required string Type { get; init; }

    public string? Source { get; init; }

    public required string Target { get; init; }

    public bool ReadOnly { get; init; }

    public NewVolume? VolumeOptions { get; init; }
}

/// <summary>What a volume that is made for a mount is labelled with.</summary>
internal sealed record NewVolume(IReadOnlyDictionary<string, string> Labels);

/// <summary>The answer to a creation.</summary>
internal sealed record CreatedContainer
{
    public required string Id { get; init; }
}

/// <summary>An image as the engine describes it; only what is used here.</summary>
internal sealed record ImageDetails
{
    public required string Id { get; init; }

    /// <summary>"postgres@sha256:…" for each registry that it is known to have come from.</summary>
    public IReadOnlyList<string>? RepoDigests { get; init; }

    public ImageConfig? Config { get; init; }
}

/// <summary>What an image gives its containers.</summary>
internal sealed record ImageConfig
{
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>The folders that get a volume even if nobody asks for one.</summary>
    public IReadOnlyDictionary<string, NoDetails>? Volumes { get; init; }
}

/// <summary>The engine's way to write a set: a map to nothing.</summary>
internal sealed record NoDetails;

/// <summary>The engine's list of volumes.</summary>
internal sealed record VolumeList
{
    public IReadOnlyList<VolumeSummary>? Volumes { get; init; }
}

internal sealed record VolumeSummary
{
    public required string Name { get; init; }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContainerCreation))]
[JsonSerializable(typeof(CreatedContainer))]
[JsonSerializable(typeof(ImageDetails))]
[JsonSerializable(typeof(VolumeList))]
internal sealed partial class CreationJson : JsonSerializerContext;
