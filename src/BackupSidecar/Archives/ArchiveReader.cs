using BackupSidecar.Archives.Compression;
using BackupSidecar.Archives.Encryption;
using BackupSidecar.Archives.Tar;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>Reads an archive from its stored bytes: decrypts, decompresses, and gives its entries one by one, up to the archive's end mark.</summary>
internal sealed class ArchiveReader : BackupReader
{
    private readonly Decryptor? _decryptor;
    private readonly Stream? _decompressor;
    private readonly TarParser _parser;
    private TarEntry? _current;
    private bool _isAtEnd;

    private ArchiveReader(Stream stored, Configuration.Compression compression, bool isEncrypted, ArchiveSettings settings)
    {
        _decryptor = isEncrypted ? Decryptor.Open(stored, settings) : null;
        var compressed = _decryptor ?? stored;
        try
        {
            var plain = Decompressor.Open(compressed, compression, settings.CompressionThreads);
            _decompressor = ReferenceEquals(plain, compressed) ? null : plain;
            _parser = new TarParser(plain);
        }
        catch
        {
            _decryptor?.Dispose();
            throw;
        }
    }

    /// <param name="stored">The stored bytes, read from their start, the most of them on another thread; not disposed.</param>
    /// <param name="extension">".tar.gz.gpg" and its kin: how the archive was made.</param>
    /// <param name="settings">Keys.</param>
    /// <exception cref="BackupRefusedException">It is encrypted, and no key is configured or the passphrase is a wrong one.</exception>
    public static ArchiveReader Open(Stream stored, string extension, ArchiveSettings settings)
    {
        var isEncrypted = extension.EndsWith(".gpg", StringComparison.Ordinal);
        var compression = (isEncrypted ? extension[..^4] : extension) switch
        {
            ".tar.gz" => Configuration.Compression.Gzip,
            ".tar.zst" => Configuration.Compression.Zstd,
            ".tar" => Configuration.Compression.None,
            _ => throw new BackupRefusedException($"'{extension}' is no kind of archive that this program makes."),
        };
        return new ArchiveReader(stored, compression, isEncrypted, settings);
    }

    public override ArchiveEntry? NextEntry(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _current?.End();
        _current = null;
        if (_isAtEnd)
            return null;
        try
        {
            SkipContent(cancellation);
            if (_parser.Next() is { } header)
                return _current = new TarEntry(header, _parser, Explain);
            _isAtEnd = true;
            return null;
        }
        catch (InvalidDataException error)
        {
            throw Explain(error);
        }
    }

    public override void Complete()
    {
        while (NextEntry(CancellationToken.None) is not null)
        {
            // Entries that nobody asked for count as well: each of them must be whole.
        }
        try
        {
            _parser.SkipTrailer();
        }
        catch (InvalidDataException error)
        {
            throw Explain(error);
        }
        _decryptor?.Complete();
    }

    public override void Dispose()
    {
        // The decompressor's thread reads from the decryptor, and comes to an end when that does.
        _decryptor?.Abort();
        _decompressor?.Dispose();
        _decryptor?.Dispose();
    }

    private void SkipContent(CancellationToken cancellation)
    {
        while (!_parser.TakeContent().IsEmpty)
            cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>
    /// The bytes make no sense. If they were encrypted, the decryptor's verdict is the better reason: a wrong key, or damage to
    /// what is stored. It is given after the last byte.
    /// </summary>
    private Exception Explain(Exception error)
    {
        try
        {
            _decryptor?.Complete();
        }
        catch (Exception better)
        {
            return better;
        }
        return new BackupRefusedException($"The archive is damaged: {error.Message}.", error);
    }
}
