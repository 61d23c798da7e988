namespace BackupSidecar.Configuration.Input;

/// <summary>By what a file is known to be another than before, without reading it.</summary>
internal sealed record FileStamp(string Target, DateTime Written, long Length)
{
    /// <summary>Null where there is no file. Mounted settings are often links that lead elsewhere after a change.</summary>
    public static FileStamp? Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return target.Exists ? new FileStamp(target.FullName, target.LastWriteTimeUtc, target.Length) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>The file with more settings as it was at one moment: a run can be given what it held then, whatever it holds now.</summary>
internal sealed record ConfigurationFile(string Path, FileStamp? Stamp, FileReading Reading)
{
    /// <summary>Whether the file on the disk is still the one that was read.</summary>
    public bool IsCurrent => FileStamp.Of(Path) == Stamp;

    public static ConfigurationFile Read(IReadOnlyDictionary<string, string> environment)
    {
        var path = PathIn(new Layer("environment", environment, IsQuoted: true));
        // A change while it is read makes another stamp, and so is noticed afterwards.
        var stamp = FileStamp.Of(path);
        return new ConfigurationFile(path, stamp, FileReading.Of(path));
    }

    /// <summary>Where the file is, as the environment says.</summary>
    public static string PathIn(Layer environment) =>
        environment.Find(SettingTable.ConfigFile.Name)?.Trim().Trim('"', '\'') ?? SettingTable.ConfigFile.Default!; // The table gives it a default.

    /// <summary>How files are read if this one is to be as it was.</summary>
    public FileReading Of(string path) => path == Path ? Reading : FileReading.Of(path);
}
