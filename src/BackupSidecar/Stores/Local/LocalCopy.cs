using System.Buffers;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;

namespace BackupSidecar.Stores.Local;

/// <summary>Writes one object into a folder, whole or not at all: hidden name, length check, flush, rename, flush of the folder.</summary>
internal static class LocalCopy
{
    private const int BufferSize = 1 << 20;

    /// <summary>Copies a spool while it grows. Its failure is passed on as it is.</summary>
    public static async Task WriteAsync(Spool spool, string partialPath, string finalPath, CancellationToken cancellation)
    {
        using var file = Create(partialPath, finalPath);
        var length = await FollowAsync(spool, file, finalPath, cancellation);
        var (expected, _) = await spool.Sealed;
        if (length != expected || RandomAccess.GetLength(file.Handle) != expected)
            throw new StoreException($"Local store: {finalPath} got {RandomAccess.GetLength(file.Handle)} bytes instead of {expected}; it was given up.");
        Commit(file, finalPath);
    }

    public static async Task WriteAsync(ReadOnlyMemory<byte> content, string partialPath, string finalPath, CancellationToken cancellation)
    {
        using var file = Create(partialPath, finalPath);
        await WriteChunkAsync(file, content, 0, finalPath, cancellation);
        Commit(file, finalPath);
    }

    /// <exception cref="IOException">It cannot be made, or a file has its name.</exception>
    public static void CreateFolder(string path)
    {
        if (File.Exists(path))
            throw new IOException($"{path} is a file and not a folder.", PosixErrors.NotAFolder);
        Directory.CreateDirectory(path);
    }

    /// <summary>Makes the new name durable, or takes it back.</summary>
    public static void FlushFolderOf(string finalPath)
    {
        try
        {
            MayFail.At(Failpoint.AfterLocalRename, CancellationToken.None);
            PosixFiles.FlushFolder(Path.GetDirectoryName(finalPath)!);
        }
        catch (IOException)
        {
            PosixFiles.TryRemove(finalPath);
            throw;
        }
    }

    private static PartialFile Create(string partialPath, string finalPath)
    {
        try
        {
            // Saves the copying; what counts is the rename at the end, which refuses as well.
            if (File.Exists(finalPath))
                throw new StoreNameTakenException($"Local store: {finalPath} is there already, and nothing is ever overwritten.");
            CreateFolder(Path.GetDirectoryName(finalPath)!);
            return new PartialFile(partialPath);
        }
        catch (Exception exception) when (LocalFailures.IsRefusal(exception))
        {
            throw LocalFailures.Describe($"write {finalPath}", exception);
        }
    }

    private static async Task<long> FollowAsync(Spool spool, PartialFile file, string finalPath, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        long copied = 0;
        while (true)
        {
            var (available, isSealed) = await spool.WaitForAsync(copied + 1, cancellation);
            using var source = spool.OpenRead(copied, available - copied);
            for (int read; (read = source.Read(buffer)) > 0; copied += read)
                await WriteChunkAsync(file, buffer.AsMemory(0, read), copied, finalPath, cancellation);
            if (isSealed)
                break;
        }
        ArrayPool<byte>.Shared.Return(buffer);
        return copied;
    }

    private static async Task WriteChunkAsync(PartialFile file, ReadOnlyMemory<byte> bytes, long offset, string finalPath, CancellationToken cancellation)
    {
        try
        {
            await RandomAccess.WriteAsync(file.Handle, bytes, offset, cancellation);
        }
        catch (Exception exception) when (LocalFailures.IsRefusal(exception))
        {
            throw LocalFailures.Describe($"write {finalPath}", exception);
        }
    }

    private static void Commit(PartialFile file, string finalPath)
    {
        try
        {
            file.FlushToDisk();
            MayFail.At(Failpoint.BeforeLocalRename, CancellationToken.None);
            PosixFiles.RenameWithoutReplacing(file.Path, finalPath);
            FlushFolderOf(finalPath);
            file.Committed(finalPath);
        }
        catch (Exception exception) when (LocalFailures.IsRefusal(exception))
        {
            throw LocalFailures.Describe($"write {finalPath}", exception);
        }
    }
}
