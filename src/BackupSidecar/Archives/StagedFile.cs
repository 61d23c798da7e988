using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// The content of one future entry, whose length tar must know beforehand, kept in a file that is already compressed as the
/// archive will be (blocks of the same kind), so that it goes into the archive as it is. <see cref="Bytes"/> and
/// <see cref="Sha256"/> are of the content.
/// </summary>
internal sealed record StagedFile(string Path, long Bytes, string Sha256);

/// <summary>Writes a <see cref="StagedFile"/>: takes content, compresses it in parallel, counts and hashes it.</summary>
internal sealed class StagedFileWriter : Stream
{
    /// <param name="path">The file to make, mode 0600; must not exist.</param>
    /// <param name="settings">Compression and threads.</param>
    public StagedFileWriter(string path, ArchiveSettings settings) => throw new NotImplementedException();

    /// <summary>Flushes everything and returns what was made. Disposing without completing removes the file.</summary>
    public StagedFile Complete() => throw new NotImplementedException();

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Write(byte[] buffer, int offset, int count) => throw new NotImplementedException();
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
