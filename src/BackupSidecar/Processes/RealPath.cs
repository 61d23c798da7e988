namespace BackupSidecar.Processes;

/// <summary>A path without symbolic links in any of its parts, as far as it exists.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    public static string Of(string path)
    {
        var links = MostLinks;
        return Of(Path.GetFullPath(path), ref links);
    }

    private static string Of(string path, ref int links)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
            return path;
        var real = Path.Combine(Of(parent, ref links), Path.GetFileName(path));
        if (new FileInfo(real).LinkTarget is not { } target || links-- <= 0)
            return real;
        return Of(Path.GetFullPath(target, Path.GetDirectoryName(real)!), ref links);
    }
}
