using BackupSidecar.Planning;

namespace BackupSidecar.Targets;

/// <summary>Folders that were made for a target that was not there, so that they can go again if nothing was restored.</summary>
internal sealed class CreatedFolders
{
    private readonly IReadOnlyList<string> _innermostFirst;

    private CreatedFolders(IReadOnlyList<string> innermostFirst) => _innermostFirst = innermostFirst;

    /// <exception cref="RestoreException">The folder cannot be made.</exception>
    public static CreatedFolders Make(string path)
    {
        var missing = new List<string>();
        for (var part = path; part is not null && !Directory.Exists(part); part = Path.GetDirectoryName(part))
            missing.Add(part);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Paths.ReadOnly(path, error);
        }
        return new CreatedFolders(missing);
    }

    public void Remove()
    {
        foreach (var folder in _innermostFirst.Where(folder => Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()))
            Directory.Delete(folder);
    }
}
