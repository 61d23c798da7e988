using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSidecar.Docker;

/// <summary>What became of a container.</summary>
internal enum ContainerChange
{
    /// <summary>Nothing is known of what happened until now, to any container: look at all of them.</summary>
    Unknown,

    Created,
    Started,
    Died,
    Destroyed,
    Renamed,
    Updated,
    Paused,
    Resumed,
}

/// <summary>Something that happened to a container, with the labels that it has.</summary>
internal sealed record ContainerEvent(ContainerChange Change, string Id, string Name, IReadOnlyDictionary<string, string> Labels)
{
    public static ContainerEvent Unknown { get; } = new(ContainerChange.Unknown, "", "", new Dictionary<string, string>());

    /// <summary>The engine's words for what is told; health checks and programs that are run in containers are not among it.</summary>
    public static IReadOnlyDictionary<string, ContainerChange> Told { get; } = new Dictionary<string, ContainerChange>
    {
        ["create"] = ContainerChange.Created,
        ["start"] = ContainerChange.Started,
        ["die"] = ContainerChange.Died,
        ["destroy"] = ContainerChange.Destroyed,
        ["rename"] = ContainerChange.Renamed,
        ["update"] = ContainerChange.Updated,
        ["pause"] = ContainerChange.Paused,
        ["unpause"] = ContainerChange.Resumed,
    };

    /// <summary>One line of the engine's stream; null for what is not told.</summary>
    /// <exception cref="JsonException">It is not an event.</exception>
    public static ContainerEvent? Parse(string line)
    {
        var told = JsonSerializer.Deserialize(line, DockerJson.Default.EngineEvent);
        if (told is not { Type: "container", Action: { } action, Actor.Id: { } id } || !Told.TryGetValue(action, out var change))
            return null;
        var attributes = told.Actor.Attributes ?? new Dictionary<string, string>();
        return new ContainerEvent(change, id, attributes.GetValueOrDefault("name", id), attributes);
    }
}

/// <summary>An event in the engine's words. The attributes of a container are its labels, its name and its image.</summary>
internal sealed record EngineEvent
{
    public string? Type { get; init; }

    public string? Action { get; init; }

    public EngineActor? Actor { get; init; }
}

/// <summary>To whom something happened.</summary>
internal sealed record EngineActor
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
}
