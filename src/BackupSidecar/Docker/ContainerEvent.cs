namespace BackupSidecar.Docker;

/// <summary>Something that happened to a container, as the engine tells it.</summary>
internal sealed record ContainerEvent
{
    /// <summary>"create", "start", "die", "destroy" and so on.</summary>
    public string? Action { get; init; }

    public EventActor? Actor { get; init; }
}

/// <summary>To whom it happened.</summary>
internal sealed record EventActor
{
    public string? ID { get; init; }
}
