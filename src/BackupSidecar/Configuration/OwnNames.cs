namespace BackupSidecar.Configuration;

/// <summary>
/// The names of what this program makes in folders that others see too. Whoever makes, leaves out or cleans up such things has
/// the name from here.
/// </summary>
internal static class OwnNames
{
    /// <summary>No source may have a name that begins so.</summary>
    public const string Reserved = ".backup-sidecar";

    /// <summary>What has such a name is neither backed up nor exchanged by a restore.</summary>
    public const string Prefix = Reserved + "-";

    /// <summary>Dumps of a run on their way into the archive.</summary>
    public const string Staging = Prefix + "staging-";

    /// <summary>What a restore has unpacked or downloaded, and not brought in yet. Removed at the next start if it was killed.</summary>
    public const string Restore = Prefix + "restore-";

    /// <summary>What a restore has moved out of its way, until all of it has succeeded. Put back at the next start.</summary>
    public const string Old = Prefix + "old-";

    /// <summary>The same once the restore has succeeded: what is left to remove.</summary>
    public const string Done = Prefix + "done-";

    /// <summary>What a restore drill has unpacked. Removed with it, or at the next start if it was killed.</summary>
    public const string Drill = Prefix + "drill-";

    /// <summary>What shows that a folder is that of a local store.</summary>
    public const string StoreMark = Prefix + "store";

    /// <summary>What a merging restore has replaced.</summary>
    public const string Replaced = Prefix + "replaced-";
}
