using System.Security.Cryptography;
using System.Text;

namespace BackupSidecar.Bench.Content;

/// <summary>One SHA-256 over the names, modes, times and content of all files and folders of a tree.</summary>
internal static class TreeDigest
{
    public static string Of(string root)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in new DirectoryInfo(root).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(root, entry.FullName);
            digest.AppendData(Encoding.UTF8.GetBytes($"{name}\0{entry.UnixFileMode}\0{entry.LastWriteTimeUtc.Ticks}\0"));
            if (entry is FileInfo file)
                digest.AppendData(ContentOf(file));
        }
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private static byte[] ContentOf(FileInfo file)
    {
        using var content = file.OpenRead();
        return SHA256.HashData(content);
    }
}
