namespace BackupSidecar.Sources;

/// <summary>A source's path that may be a symbolic link: it is followed once, and the manifest says where it led.</summary>
internal static class LinkedPath
{
    public static string Resolve(string path)
    {
        var trimmed = Path.TrimEndingDirectorySeparator(path);
        try
        {
            return File.ResolveLinkTarget(trimmed, returnFinalTarget: true)?.FullName ?? trimmed;
        }
        catch (IOException)
        {
            // It is not there, or its links go round in circles; whoever reads it says so.
            return trimmed;
        }
    }

    public static string Describe(string path)
    {
        var resolved = Resolve(path);
        return resolved == Path.TrimEndingDirectorySeparator(path) ? path : $"{path} (a link to {resolved})";
    }
}
