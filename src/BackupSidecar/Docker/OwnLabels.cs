namespace BackupSidecar.Docker;

/// <summary>The labels by which this program marks the containers that it makes.</summary>
internal static class OwnLabels
{
    /// <summary>On everything of a restore drill.</summary>
    public const string Drill = "backup-sidecar.drill";
}
