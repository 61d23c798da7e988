using BackupSidecar.Archives.Compression;
using BackupSidecar.Archives.Encryption;
using BackupSidecar.Archives.Tar;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;

namespace BackupSidecar.Archives;

/// <summary>What was spliced from a tar stream: content bytes, entries, and the digest of the records as they stand in the archive.</summary>
internal sealed record TarContent(long Bytes, long Entries, string TarSha256);

/// <summary>The metadata of an entry that we make ourselves.</summary>
internal readonly record struct EntryAttributes(int Mode, int OwnerId, int GroupId, DateTimeOffset ModifiedAt);

/// <summary>
/// Makes one archive: splices the streams of GNU tar and our own entries into one tar stream, compresses it in blocks on all
/// cores, encrypts it if a key is set, and writes it to <c>destination</c>. Synchronous: each call blocks its thread until
/// the pipeline has room. Disposing without <see cref="Complete"/> abandons the archive and ends every child process.
/// </summary>
/// <remarks>
/// The folder holds what an archive is: Tar/ knows entries, Compression/ blocks, Encryption/ OpenPGP. None knows of another;
/// here and in <see cref="ArchiveReader"/> they become one format, which stock gpg, gzip and tar open.
/// </remarks>
internal sealed class ArchiveWriter : IDisposable
{
    private readonly Stream _destination;
    private readonly Encryptor? _encryptor;
    private readonly BlockCompressor _compressor;

    private ArchiveWriter(ArchiveSettings settings, Stream destination)
    {
        _destination = destination;
        _encryptor = settings.IsEncrypted ? Encryptor.Create(settings, destination) : null;
        try
        {
            _compressor = new BlockCompressor(settings, _encryptor ?? destination);
        }
        catch
        {
            _encryptor?.Dispose();
            throw;
        }
    }

    /// <summary>What these settings ask for and this machine cannot do, so that something else is done; null if there is nothing.</summary>
    public static string? Shortfall(ArchiveSettings settings) =>
        settings is { Compression: Configuration.Compression.Gzip, CompressionLevel: CompressionLevel.Fast } && !IsalLibrary.IsInstalled
            ? "The compression level 'fast' needs ISA-L (libisal.so.2; Debian: libisal2), which is not installed; 'balanced' is used instead."
            : null;

    /// <param name="settings">Compression, threads and keys.</param>
    /// <param name="destination">Receives the bytes of the archive from another thread; not disposed.</param>
    /// <exception cref="Processes.ProcessFailedException">gpg is needed and cannot be started.</exception>
    /// <exception cref="ConfigurationException">The passphrase or the public keys are of no use.</exception>
    public static ArchiveWriter Create(ArchiveSettings settings, Stream destination) => new(settings, destination);

    /// <summary>Takes a whole tar stream (of any length, pax or GNU format) up to its end mark and puts its entries into the archive.</summary>
    /// <exception cref="InvalidDataException">It is not a tar stream, or ends before its end mark.</exception>
    public TarContent WriteTar(Stream tar, CancellationToken cancellation) =>
        WholeOrNothing(() => Splice(new TarParser(tar), cancellation), cancellation);

    /// <summary>Adds a regular file whose content is in staging; the compressed blocks go in verbatim.</summary>
    /// <exception cref="InvalidDataException">It is not as long as when it was written.</exception>
    public void WriteStaged(string name, StagedFile content, EntryAttributes attributes, CancellationToken cancellation) =>
        WholeOrNothing(() => CopyStaged(name, content, attributes), cancellation);

    /// <summary>Adds a small regular file.</summary>
    public void WriteFile(string name, ReadOnlySpan<byte> content, EntryAttributes attributes)
    {
        _compressor.Write(TarRecords.ForFile(name, content.Length, attributes));
        _compressor.Write(content);
        _compressor.Write(TarRecords.Padding(content.Length));
    }

    /// <summary>Writes the end mark and waits until every byte of the archive is in the destination.</summary>
    /// <exception cref="Processes.ProcessFailedException">gpg failed.</exception>
    public void Complete()
    {
        _compressor.Write(TarRecords.EndMark);
        _compressor.Complete();
        _encryptor?.Complete();
        _destination.Flush();
    }

    public void Dispose()
    {
        // A compressor that waits for the encryptor comes to an end when that does.
        _encryptor?.Abort();
        _compressor.Dispose();
        _encryptor?.Dispose();
    }

    /// <summary>What fails or is cancelled in the middle may have left half an entry, so that the archive cannot become whole.</summary>
    private T WholeOrNothing<T>(Func<T> write, CancellationToken cancellation)
    {
        using var registration = cancellation.Register(() => _compressor.Fail(new OperationCanceledException(cancellation)));
        try
        {
            return write();
        }
        catch (Exception error)
        {
            _compressor.Fail(error);
            throw;
        }
    }

    private TarContent Splice(TarParser parser, CancellationToken cancellation)
    {
        _compressor.BeginDigest();
        long bytes = 0;
        long entries = 0;
        while (parser.Next() is { } header)
        {
            _compressor.Write(parser.HeaderRecords);
            while (parser.ContentLeft > 0)
                _compressor.Advance(parser.ReadContent(_compressor.Room()));
            _compressor.Write(parser.TakePadding());
            bytes += header.Bytes;
            entries++;
            MayFail.At(Failpoint.TarMiddle, cancellation);
        }
        parser.SkipTrailer();
        return new TarContent(bytes, entries, _compressor.EndDigest());
    }

    private long CopyStaged(string name, StagedFile content, EntryAttributes attributes)
    {
        using var staged = File.OpenRead(content.Path);
        _compressor.Write(TarRecords.ForFile(name, content.Bytes, attributes));
        var copied = _compressor.WriteVerbatim(staged);
        if (copied != content.StoredBytes)
        {
            throw new InvalidDataException(
                $"The staged file {content.Path} has {copied} bytes, but {content.StoredBytes} were written to it. Did somebody change it?");
        }
        _compressor.Write(TarRecords.Padding(content.Bytes));
        return copied;
    }
}
