namespace BackupSidecar.Stores.Local;

/// <summary>
/// The files of a folder; with the folders in it where those are wanted, but for hidden ones, which hold nothing that is stored, and
/// for links, which may lead anywhere. A folder that goes while it is looked for is no fault, and nor is the one that file systems keep
/// for themselves; any other that cannot be read is: a part of a list is none.
/// </summary>
internal static class LocalFiles
{
    private const string OfTheFileSystem = "lost+found";

    public static IEnumerable<FileInfo> In(string folder, bool isDeep)
    {
        var top = new DirectoryInfo(folder);
        return !top.Exists ? [] : isDeep ? Below(top) : top.EnumerateFiles();
    }

    private static IEnumerable<FileInfo> Below(DirectoryInfo top)
    {
        var waiting = new Stack<DirectoryInfo>([top]);
        while (waiting.TryPop(out var folder))
        {
            foreach (var found in Entries(folder, isTop: folder == top))
            {
                if (found is FileInfo file)
                    yield return file;
                else if (found is DirectoryInfo { LinkTarget: null } next && next.Name[0] != '.' && next.Name != OfTheFileSystem)
                    waiting.Push(next);
            }
        }
    }

    private static FileSystemInfo[] Entries(DirectoryInfo folder, bool isTop)
    {
        try
        {
            return folder.GetFileSystemInfos();
        }
        catch (DirectoryNotFoundException) when (!isTop)
        {
            return [];
        }
    }
}
