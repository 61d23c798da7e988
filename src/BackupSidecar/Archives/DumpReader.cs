using BackupSidecar.Archives.Compression;
using BackupSidecar.Archives.Encryption;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>Reads a backup that is one dump and nothing else, of ours or of Label Backup, as if it were an archive with one entry.</summary>
internal sealed class DumpReader : BackupReader
{
    private readonly Decryptor? _decryptor;
    private readonly Stream _plain;
    private readonly DumpEntry _entry;
    private bool _isGiven;

    /// <param name="stored">The stored bytes, read from their start; not disposed.</param>
    /// <param name="isEncrypted">Whether they are an OpenPGP message.</param>
    /// <param name="entry">What the dump is called.</param>
    /// <param name="bytes">Length of the plain dump, which is never exceeded; null where nobody knows it.</param>
    /// <param name="madeAt">When it was made.</param>
    /// <param name="settings">Keys.</param>
    /// <exception cref="BackupRefusedException">It is encrypted, and no key is configured or the passphrase is a wrong one.</exception>
    public DumpReader(Stream stored, bool isEncrypted, string entry, long? bytes, DateTimeOffset madeAt, ArchiveSettings settings)
    {
        _decryptor = isEncrypted ? Decryptor.Open(stored, settings) : null;
        try
        {
            _plain = Decompressor.Open(_decryptor ?? stored, Configuration.Compression.Gzip, settings.CompressionThreads);
        }
        catch (InvalidDataException error)
        {
            _decryptor?.Dispose();
            throw Damaged(error);
        }
        catch
        {
            _decryptor?.Dispose();
            throw;
        }
        _entry = new DumpEntry(entry, bytes, madeAt, Read);
    }

    public override ArchiveEntry? NextEntry(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_isGiven)
            return null;
        _isGiven = true;
        return _entry;
    }

    public override void Complete()
    {
        _entry.CopyContentTo(Stream.Null);
        _decryptor?.Complete();
    }

    public override void Dispose()
    {
        // The decompressor's thread reads from the decryptor, and comes to an end when that does.
        _decryptor?.Abort();
        _plain.Dispose();
        _decryptor?.Dispose();
    }

    private int Read(Span<byte> buffer)
    {
        try
        {
            return _plain.Read(buffer);
        }
        catch (InvalidDataException error)
        {
            throw Explain(error);
        }
    }

    /// <summary>If it was encrypted, the decryptor's verdict is the better reason: a wrong key, or damage to what is stored.</summary>
    private Exception Explain(InvalidDataException error)
    {
        try
        {
            _decryptor?.Complete();
        }
        catch (Exception better)
        {
            return better;
        }
        return Damaged(error);
    }

    private static BackupRefusedException Damaged(InvalidDataException error) => new($"The dump is damaged: {error.Message}.", error);

    /// <summary>Plain bytes from a stream, with the metadata that any dump has.</summary>
    private sealed class DumpEntry(string name, long? bytes, DateTimeOffset madeAt, DumpEntry.Reading read) : ArchiveEntry
    {
        private const int PieceBytes = 256 * 1024;

        private long _read;

        public delegate int Reading(Span<byte> buffer);

        public override string Name => name;

        public override char Type => '0';

        public override string LinkTarget => "";

        /// <summary>Nothing where nobody knows it: whoever asks then finds out by reading.</summary>
        public override long Bytes => bytes ?? 0;

        public override bool IsSparse => false;

        public override bool IsAmbiguous => false;

        public override EntryAttributes Attributes => new(Convert.ToInt32("600", 8), OwnerId: 0, GroupId: 0, madeAt);

        public override Stream Content => throw new NotSupportedException("A dump is copied and not looked into.");

        public override void CopyContentTo(Stream destination)
        {
            var buffer = new byte[PieceBytes];
            for (int length; (length = read(buffer)) > 0;)
            {
                // What grows beyond what was said could fill any disk.
                if ((_read += length) > (bytes ?? long.MaxValue))
                    throw new BackupRefusedException($"The dump has more than the {bytes} bytes that its metadata say.");
                destination.Write(buffer.AsSpan(0, length));
            }
        }

        public override void CopyRecordsTo(Stream destination) => throw new NotSupportedException("A dump has no tar records.");
    }
}
