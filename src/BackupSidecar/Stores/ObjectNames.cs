namespace BackupSidecar.Stores;

/// <summary>Which names an object may have in a store: one that stays in the store's folder, and no part of which is hidden.</summary>
internal static class ObjectNames
{
    /// <summary>Whether it is a final name. Hidden names are those of unfinished files and of probes.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isDeep">Whether it may have folders in it.</param>
    public static bool IsFinal(string name, bool isDeep = false) => isDeep
        ? name.Split('/').All(part => IsFinal(part))
        : name.Length > 0 && name[0] != '.' && !name.Contains('/') && !name.Contains('\0');

    public static string Check(string name, bool isDeep = false) =>
        IsFinal(name, isDeep) ? name : throw new ArgumentException($"\"{name}\" cannot be the name of a stored object.", nameof(name));
}
