using BackupSidecar.Planning;

namespace BackupSidecar.Runs.Restores;

/// <summary>The folder of <c>--to</c>: empty or made here, and gone again if nothing was unpacked.</summary>
internal sealed class RestoreFolder : IAsyncDisposable
{
    private readonly string _path;
    private bool _isKept;

    private RestoreFolder(string path) => _path = path;

    /// <exception cref="RestoreException">It is in use, or cannot be made.</exception>
    public static RestoreFolder Make(string path)
    {
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
            throw new RestoreException($"{path} is not an empty folder. Name one that is empty or not there yet. Nothing was touched.");
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RestoreException($"{path} cannot be made: {error.Message}. Nothing was touched.", error);
        }
        return new RestoreFolder(path);
    }

    public void Keep() => _isKept = true;

    public ValueTask DisposeAsync()
    {
        if (!_isKept && Directory.Exists(_path) && !Directory.EnumerateFileSystemEntries(_path).Any())
            Directory.Delete(_path);
        return ValueTask.CompletedTask;
    }
}
