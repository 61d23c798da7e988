namespace BackupSidecar.Stores;

/// <summary>Which names an object may have in a store: one that stays in the backup's folder and is not hidden.</summary>
internal static class ObjectNames
{
    /// <summary>Whether it is a final name. Hidden names are those of unfinished files and of probes.</summary>
    public static bool IsFinal(string name) => name.Length > 0 && name[0] != '.' && !name.Contains('/');

    public static string Check(string name) =>
        IsFinal(name) ? name : throw new ArgumentException($"\"{name}\" cannot be the name of a stored object.", nameof(name));
}
