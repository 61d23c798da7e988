using System.Runtime.ExceptionServices;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// Reads the messages of <see cref="PassphraseEncryptor"/>, and those of gpg that are of the same kind. It is strict: what is
/// not exactly one such message, whole and unchanged to its last byte, is a <see cref="BackupRefusedException"/>, of the
/// reading that comes to it and of <see cref="Complete"/>.
/// </summary>
internal sealed class PassphraseDecryptor : Decryptor
{
    private readonly Lock _lock = new();
    private readonly BufferedStream _message;
    private readonly Cfb _cfb;
    private ProtectedReader? _protected;
    private PacketBody? _literal;
    private ExceptionDispatchInfo? _failure;

    /// <param name="message">Stands at the encrypted packet; not disposed.</param>
    /// <param name="key">Not needed after this.</param>
    public PassphraseDecryptor(Stream message, ReadOnlySpan<byte> key)
    {
        // So that the few bytes of a header are not read from a file by themselves.
        _message = new BufferedStream(message, 128 * 1024);
        _cfb = Cfb.Decryption(key);
    }

    public override int Read(Span<byte> buffer)
    {
        // Whoever completes does so while the decompressor may still be reading.
        lock (_lock)
        {
            _failure?.Throw();
            try
            {
                return ReadContent(buffer);
            }
            catch (Exception error)
            {
                _failure = ExceptionDispatchInfo.Capture(error);
                throw;
            }
        }
    }

    public override void Complete()
    {
        var rest = new byte[64 * 1024];
        while (Read(rest) > 0)
        {
            // The end is reached only if everything is right.
        }
    }

    public override void Abort()
    {
        // Nobody waits here for anything but the stored bytes.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _protected?.Dispose();
            _cfb.Dispose();
        }
        base.Dispose(disposing);
    }

    private int ReadContent(Span<byte> buffer)
    {
        _literal ??= OpenLiteral();
        var read = _literal.Read(buffer);
        if (read == 0 && !buffer.IsEmpty)
            CheckEnd();
        return read;
    }

    private PacketBody OpenLiteral()
    {
        _protected = new ProtectedReader(_message, _cfb);
        var literal = new PacketBody(_protected, Packet.Literal);
        if (literal.Take() != Packet.BinaryFormat)
            throw Refusal.Because(Refusal.Damaged);
        // A file name and a time, which mean nothing here.
        for (var left = literal.Take() + 4; left > 0; left--)
            literal.Take();
        return literal;
    }

    /// <summary>Nothing may stand behind the literal packet but its modification detection code, and nothing behind that.</summary>
    private void CheckEnd()
    {
        Span<byte> more = [0];
        if (_protected?.Read(more) != 0 || _message.Read(more) != 0)
            throw Refusal.Because(Refusal.Damaged);
    }
}
