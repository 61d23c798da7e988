using BackupSidecar.Archives.Compression;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// The content of one future entry, whose length tar must know beforehand, kept in a file that is already compressed as the
/// archive will be (blocks of the same kind), so that it goes into the archive as it is. <see cref="Bytes"/> and
/// <see cref="Sha256"/> are of the content.
/// </summary>
internal sealed record StagedFile(string Path, long Bytes, string Sha256)
{
    /// <summary>Length of the file.</summary>
    public required long StoredBytes { get; init; }
}

/// <summary>Writes a <see cref="StagedFile"/>: takes content, compresses it in parallel, counts and hashes it.</summary>
internal sealed class StagedFileWriter : WriteOnlyStream
{
    private readonly string _path;
    private readonly Action<long>? _removed;
    private readonly MeteredFile _file;
    private readonly BlockCompressor _compressor;
    private long _bytes;
    private bool _isComplete;
    private bool _isDisposed;

    /// <param name="path">The file to make, mode 0600; must not exist.</param>
    /// <param name="settings">Compression and threads.</param>
    /// <param name="storing">Told, before that many bytes are written to the file; what it throws ends the writing. Null for nobody.</param>
    /// <param name="removed">Told how many bytes of the file are gone again, if it is removed.</param>
    public StagedFileWriter(string path, ArchiveSettings settings, Action<int>? storing = null, Action<long>? removed = null)
    {
        _path = path;
        _removed = removed;
        _file = new MeteredFile(path, storing);
        try
        {
            _compressor = new BlockCompressor(settings, _file);
            _compressor.BeginDigest();
        }
        catch
        {
            _file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _compressor.Write(buffer);
        _bytes += buffer.Length;
    }

    /// <summary>Flushes everything and returns what was made. Disposing without completing removes the file.</summary>
    public StagedFile Complete()
    {
        var sha256 = _compressor.EndDigest();
        _compressor.Complete();
        var staged = new StagedFile(_path, _bytes, sha256) { StoredBytes = _file.Length };
        _file.Dispose();
        _isComplete = true;
        return staged;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _compressor.Dispose();
            var stored = _file.Stored;
            _file.Dispose();
            if (!_isComplete)
            {
                File.Delete(_path);
                _removed?.Invoke(stored);
            }
        }
        base.Dispose(disposing);
    }

    private sealed class MeteredFile(string path, Action<int>? storing) : FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        BufferSize = 0,
    })
    {
        public long Stored { get; private set; }

        // The runtime brings every other way of writing here, because this is a derived class.
        public override void Write(byte[] buffer, int offset, int count)
        {
            storing?.Invoke(count);
            Stored += count;
            base.Write(buffer, offset, count);
        }
    }
}
