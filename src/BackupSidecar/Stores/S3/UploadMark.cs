using System.Text;
using BackupSidecar.Processes;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// A note, on this machine's disk, that an upload in parts is about to begin, in use while its process lives. So a sweep knows the
/// uploads of killed runs at once, and need not wait a day to be sure that nobody sends them any more. It is made before the server
/// is asked, and so knows the key only: who is killed while the answer is on its way has never heard of an id.
/// </summary>
internal sealed class UploadMark : IDisposable
{
    private const string Suffix = ".upload";

    /// <summary>A file that nobody uses may be one that is just being marked as used.</summary>
    private static readonly TimeSpan SweepAge = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly SafeFileHandle _file;

    private UploadMark(string path)
    {
        _path = path;
        _file = PosixFiles.CreatePrivate(path);
        PosixFiles.MarkInUse(_file);
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    public static UploadMark Make(string folder, PartsUpload upload)
    {
        Directory.CreateDirectory(folder);
        var mark = new UploadMark(Path.Combine(folder, Guid.NewGuid().ToString("N") + Suffix));
        try
        {
            RandomAccess.Write(mark._file, Encoding.UTF8.GetBytes($"{upload.Bucket}\n{upload.Key}\n"), 0);
            return mark;
        }
        catch
        {
            mark.Remove();
            mark.Dispose();
            throw;
        }
    }

    /// <summary>What killed runs have noted, each with its file.</summary>
    public static IEnumerable<(string Path, PartsUpload? Upload)> Dead(string folder, DateTimeOffset now)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*" + Suffix))
        {
            if (now.UtcDateTime - file.LastWriteTimeUtc < SweepAge)
                continue;
            using var handle = PosixFiles.OpenShared(file.FullName, mayCreate: false);
            if (PosixFiles.IsUnused(handle))
                yield return (file.FullName, Read(handle));
        }
    }

    /// <summary>The upload has come to its end, good or bad: nothing of it is on the server.</summary>
    public void Remove() => PosixFiles.TryRemove(_path);

    public void Dispose() => _file.Dispose();

    private static PartsUpload? Read(SafeFileHandle file)
    {
        var bytes = new byte[4096];
        var lines = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0)).Split('\n');
        return lines is [var bucket, var key, ""] ? new PartsUpload(bucket, key) : null;
    }
}

/// <summary>Where an upload in parts goes to.</summary>
internal sealed record PartsUpload(string Bucket, string Key);
