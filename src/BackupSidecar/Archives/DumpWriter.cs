using System.Security.Cryptography;
using BackupSidecar.Archives.Compression;
using BackupSidecar.Archives.Encryption;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// Makes a backup that is one dump and nothing else: compresses what is written to it in blocks on all cores, encrypts it if a key is
/// set, and writes it to <c>destination</c>. Stock gunzip, and gpg before it, give the dump back. Disposing without
/// <see cref="Complete"/> abandons it and ends every child process.
/// </summary>
internal sealed class DumpWriter : WriteOnlyStream
{
    private readonly Stream _destination;
    private readonly Encryptor? _encryptor;
    private readonly BlockCompressor _compressor;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isDisposed;

    /// <param name="settings">Compression, threads and keys.</param>
    /// <param name="destination">Receives the bytes of the backup from another thread; not disposed.</param>
    /// <exception cref="Processes.ProcessFailedException">gpg is needed and cannot be started.</exception>
    /// <exception cref="ConfigurationException">The passphrase or the public keys are of no use.</exception>
    public DumpWriter(ArchiveSettings settings, Stream destination)
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

    /// <summary>Length of the plain dump so far.</summary>
    public long Bytes { get; private set; }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _compressor.Write(buffer);
        _hash.AppendData(buffer);
        Bytes += buffer.Length;
    }

    /// <summary>Waits until every byte is in the destination; returns the SHA-256 (hex) of the plain dump.</summary>
    /// <exception cref="Processes.ProcessFailedException">gpg failed.</exception>
    public string Complete()
    {
        _compressor.Complete();
        _encryptor?.Complete();
        _destination.Flush();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            // A compressor that waits for the encryptor comes to an end when that does.
            _encryptor?.Abort();
            _compressor.Dispose();
            _encryptor?.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
