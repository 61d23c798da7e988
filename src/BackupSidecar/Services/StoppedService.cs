using System.Text.Json.Serialization;
using BackupSidecar.Docker;

namespace BackupSidecar.Services;

/// <summary>A container that is stopped by us, with all that is needed to find it, or its successor, and start it again.</summary>
internal sealed record StoppedService
{
    /// <summary>As the operator wrote it.</summary>
    public required string Name { get; init; }

    public string? Project { get; init; }

    public string? Service { get; init; }

    public string? Number { get; init; }

    public required string ContainerId { get; init; }

    public required string ContainerName { get; init; }

    /// <summary>When it was decided to stop it.</summary>
    public required DateTimeOffset StoppedAt { get; init; }

    public static StoppedService From(ServiceContainer container, DateTimeOffset now) => new()
    {
        Name = container.ConfiguredName,
        Project = container.Details.Label(ComposeLabels.Project),
        Service = container.Details.Label(ComposeLabels.Service),
        Number = container.Details.Label(ComposeLabels.Number),
        ContainerId = container.Details.Id,
        ContainerName = container.Details.PlainName,
        StoppedAt = now,
    };

    public override string ToString() => $"Service '{Name}' (container {ContainerName})";
}

/// <summary>What the journal holds: the services in the order in which they are stopped.</summary>
internal sealed record JournalContent
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    /// <summary>The kernel's id of the boot in which it was written: tells whoever reads it whether the machine went down since.</summary>
    public string? Boot { get; init; }

    public required IReadOnlyList<StoppedService> Services { get; init; }
}

/// <summary>The journal's file: its content, and the SHA-256 (hex) of the content as we write it.</summary>
internal sealed record JournalFile
{
    public required JournalContent Content { get; init; }

    public required string Sha256 { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(JournalFile))]
internal sealed partial class JournalJson : JsonSerializerContext;
