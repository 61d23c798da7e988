namespace BackupSidecar.Discovery;

/// <summary>
/// What the labels of a container come to: a database, or the reasons why there is none. Neither: nothing of ours is asked for.
/// No text in it holds a secret.
/// </summary>
internal sealed record LabelReading
{
    /// <summary>The container has no labels of ours, or says that it is not to be backed up.</summary>
    public static LabelReading NotAsked { get; } = new();

    /// <summary>Null if the labels ask for nothing, or cannot be used.</summary>
    public LabelledDatabase? Database { get; init; }

    /// <summary>Everything that is wrong with the labels, a sentence each that begins with a label's name. Then there is no database.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What a person should know though it works.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
