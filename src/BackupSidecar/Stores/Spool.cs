using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using BackupSidecar.Processes;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Stores;

/// <summary>
/// The archive while it is made: written once, to one file, and followed by any number of readers while it grows. Its bytes
/// are counted and hashed on their way. If its file system fails it (no room left, above all), it moves to the fallback
/// directory with all that it holds, and readers do not notice. Readers of a failed spool get its failure as an exception.
/// </summary>
internal sealed class Spool : IDisposable
{
    private const int CopyBuffer = 1 << 20;

    private readonly string _fileName;
    private readonly string? _fallbackDirectory;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly TaskCompletionSource<(long Bytes, string Sha256)> _sealed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(long Length, TaskCompletionSource Reached)> _waiters = [];

    // Guards the three fields below and the list of waiters; held for moments only, never during input or output.
    private readonly Lock _gate = new();
    private PartialFile _file;
    private long _length;
    private Exception? _failure;

    /// <param name="directory">Where it lies: the local store's folder, or staging.</param>
    /// <param name="fileName">Its hidden name there: <c>.ARCHIVE.partial</c>.</param>
    /// <param name="fallbackDirectory">Where it moves to when it cannot stay; null for nowhere.</param>
    /// <param name="isFollowed">Whether anybody reads it while it grows. If nobody does, it is written past the page cache.</param>
    public Spool(string directory, string fileName, string? fallbackDirectory, bool isFollowed = true)
    {
        HomeDirectory = directory;
        _fileName = fileName;
        _fallbackDirectory = fallbackDirectory;
        try
        {
            _file = new PartialFile(Path.Combine(directory, fileName));
        }
        catch (IOException exception) when (fallbackDirectory is not null)
        {
            _file = new PartialFile(Path.Combine(fallbackDirectory, fileName));
            MovedBecause = exception;
        }
        _file.SetDirect(!isFollowed);
        Writer = isFollowed ? new SpoolWriter(this) : new DirectSpoolWriter(this);
    }

    /// <summary>An archive that lies in a file already, whole, and stays there. Takes the file over.</summary>
    /// <param name="whole">The file.</param>
    /// <param name="sha256">The digest of its bytes (hex), which somebody has just read.</param>
    public Spool(FileStream whole, string sha256)
    {
        HomeDirectory = Path.GetDirectoryName(whole.Name)!; // It is a file.
        _fileName = Path.GetFileName(whole.Name);
        _file = new PartialFile(whole);
        _length = RandomAccess.GetLength(_file.Handle);
        _sealed.SetResult((_length, sha256));
        Writer = new SpoolWriter(this);
    }

    /// <summary>Where it was meant to lie.</summary>
    public string HomeDirectory { get; }

    /// <summary>Where the file is now.</summary>
    public string FilePath => _file.Path;

    /// <summary>Why it moved to the fallback directory, or null.</summary>
    public Exception? MovedBecause { get; private set; }

    /// <summary>Bytes that readers may read.</summary>
    public long Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    /// <summary>Bytes of the largest archive that there is room for, here or where it may move to.</summary>
    public long Capacity => Math.Max(Length + FreeIn(HomeDirectory), _fallbackDirectory is null ? 0 : FreeIn(_fallbackDirectory));

    /// <summary>What the archive's writer writes to.</summary>
    public Stream Writer { get; }

    /// <summary>Completes when it is sealed, with size and SHA-256; fails when it fails.</summary>
    public Task<(long Bytes, string Sha256)> Sealed => _sealed.Task;

    /// <summary>Everything is written: flushes to the disk, and lets readers come to the end. Returns size and SHA-256 (hex).</summary>
    public (long Bytes, string Sha256) Seal()
    {
        ThrowIfFailed();
        Writer.Flush();
        FlushToDisk();
        var seal = (_length, Convert.ToHexStringLower(_hash.GetCurrentHash()));
        _sealed.TrySetResult(seal);
        WakeWaiters();
        return seal;
    }

    /// <summary>It will never be whole. Readers and waiters fail with this.</summary>
    public void Fail(Exception reason)
    {
        lock (_gate)
        {
            if (!_sealed.TrySetException(reason))
                return;
            _failure = reason;
            foreach (var (_, reached) in _waiters)
                reached.SetException(reason);
            _waiters.Clear();
        }
        // Nobody may be waiting for the seal; the failure is told by other ways as well.
        _ = _sealed.Task.Exception;
    }

    /// <summary>Waits until at least <paramref name="length"/> bytes are there or it is sealed; returns the length and whether it is sealed.</summary>
    public async Task<(long Length, bool Sealed)> WaitForAsync(long length, CancellationToken cancellation)
    {
        Task reached;
        lock (_gate)
            reached = ReachedLocked(length);
        await reached.WaitAsync(cancellation);
        // The seal is looked at first: once it is set the length is final, whereas a length read first could be outdated.
        var isSealed = _sealed.Task.IsCompletedSuccessfully;
        return (Length, isSealed);
    }

    /// <summary>A seekable stream over bytes that are there already.</summary>
    public Stream OpenRead(long offset, long length)
    {
        ThrowIfFailed();
        if (offset < 0 || length < 0 || offset + length > Length)
            throw new ArgumentOutOfRangeException(nameof(length), "The spool does not hold these bytes yet.");
        return new SpoolReader(this, offset, length);
    }

    /// <summary>Lets the system forget what it holds of the file in memory, so that who reads it next gets what the disk has.</summary>
    public void LeaveMemory() => PosixFiles.DropCached(_file.Handle);

    /// <summary>The local store has renamed the file to its final name: it is not ours to remove any more.</summary>
    public void Adopted(string newPath) => _file.Committed(newPath);

    /// <summary>Removes the file, unless it was adopted.</summary>
    public void Dispose()
    {
        Fail(new ObjectDisposedException(nameof(Spool), "The spool was given up before it was whole."));
        Writer.Dispose();
        _file.Dispose();
        _hash.Dispose();
    }

    /// <summary>What follows is not aligned.</summary>
    internal void EndDirectWrites() => _file.SetDirect(false);

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        ThrowIfFailed();
        if (_sealed.Task.IsCompleted)
            throw new InvalidOperationException("The spool is sealed; nothing can be added.");
        Write(bytes);
        _hash.AppendData(bytes);
        lock (_gate)
            _length += bytes.Length;
        WakeWaiters();
    }

    internal int Read(long offset, Span<byte> buffer)
    {
        ThrowIfFailed();
        // The reference keeps the handle open while we read from it, even if the spool moves meanwhile.
        SafeFileHandle handle;
        var referenced = false;
        lock (_gate)
        {
            handle = _file.Handle;
            handle.DangerousAddRef(ref referenced);
        }
        try
        {
            return RandomAccess.Read(handle, buffer, offset);
        }
        finally
        {
            handle.DangerousRelease();
        }
    }

    /// <summary>Nothing where that cannot be told: what goes there fails in its own words, and it may move elsewhere.</summary>
    private static long FreeIn(string directory)
    {
        try
        {
            return new DriveInfo(directory).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            WriteAt(_file.Handle, bytes, _length);
        }
        catch (IOException) when (_file.IsDirect)
        {
            // Whatever it is, the ordinary way may still work, or says better what is wrong.
            _file.SetDirect(false);
            Write(bytes);
        }
        catch (IOException exception)
        {
            MoveOrThrow(exception);
            Write(bytes);
        }
    }

    private static void WriteAt(SafeFileHandle handle, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (ArgumentOutOfRangeException error)
        {
            // What the runtime makes of EFBIG.
            throw new IOException($"its file system, or a limit, takes no file of {offset + bytes.Length} bytes.", error);
        }
    }

    private void FlushToDisk()
    {
        try
        {
            _file.FlushToDisk();
        }
        catch (IOException exception)
        {
            MoveOrThrow(exception);
            FlushToDisk();
        }
    }

    private void MoveOrThrow(IOException reason)
    {
        if (_fallbackDirectory is null || MovedBecause is not null)
        {
            var before = MovedBecause is null ? "" : $". It had moved there from {HomeDirectory}: {MovedBecause.Message}";
            throw new IOException($"The archive cannot be written to {_file.Path}: {reason.Message}{before}", reason) { HResult = reason.HResult };
        }
        var target = new PartialFile(Path.Combine(_fallbackDirectory, _fileName));
        try
        {
            CopyTo(target);
        }
        catch (IOException exception)
        {
            target.Dispose();
            throw new IOException(
                $"The archive cannot be written to {_file.Path} ({reason.Message}), nor moved to {target.Path}: {exception.Message}", exception);
        }
        var old = _file;
        lock (_gate)
            _file = target;
        MovedBecause = reason;
        old.Dispose();
    }

    private void CopyTo(PartialFile target)
    {
        using var copied = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBuffer);
        for (long offset = 0, read; offset < _length; offset += read)
        {
            var wanted = (int)Math.Min(buffer.Length, _length - offset);
            read = RandomAccess.Read(_file.Handle, buffer.AsSpan(0, wanted), offset);
            if (read == 0)
                break;
            WriteAt(target.Handle, buffer.AsSpan(0, (int)read), offset);
            copied.AppendData(buffer, 0, (int)read);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        // A file system that has just failed may well give back something else than it was given.
        if (!copied.GetCurrentHash().AsSpan().SequenceEqual(_hash.GetCurrentHash()))
            throw new IOException($"The archive could not be moved from {_file.Path} to {target.Path}: what was read back is not what was written.");
    }

    private Task ReachedLocked(long length)
    {
        if (_failure is not null)
            return Task.FromException(_failure);
        if (_length >= length || _sealed.Task.IsCompleted)
            return Task.CompletedTask;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Add((length, reached));
        return reached.Task;
    }

    private void WakeWaiters()
    {
        lock (_gate)
        {
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_length < _waiters[i].Length && !_sealed.Task.IsCompleted)
                    continue;
                _waiters[i].Reached.SetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }
}
