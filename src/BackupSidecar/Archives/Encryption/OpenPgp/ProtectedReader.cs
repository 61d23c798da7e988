using System.Security.Cryptography;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// Reads what <see cref="ProtectedWriter"/> wrote. Its end comes only after the modification detection code was found right
/// and last; anything else is a <see cref="BackupRefusedException"/>.
/// </summary>
internal sealed class ProtectedReader : ReadOnlyStream
{
    private readonly PacketBody _packet;
    private readonly Cfb _cfb;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    /// <summary>What may be the modification detection code is held back before each slice until more is there.</summary>
    private readonly byte[] _buffer = new byte[Packet.MdcBytes + Cfb.SliceBytes];
    private int _start;
    private int _end;
    private bool _isLast;

    /// <param name="message">Stands at the packet; not disposed.</param>
    /// <param name="cfb">Not disposed.</param>
    public ProtectedReader(Stream message, Cfb cfb)
    {
        _packet = new PacketBody(message, Packet.IntegrityProtected);
        _cfb = cfb;
        if (_packet.Take() != Packet.IntegrityProtectedVersion)
            throw Refusal.Because(Refusal.Damaged);
        DecryptFirstSlice();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_start == _end && !_isLast)
            DecryptSlice();
        var length = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        _start += length;
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _digest.Dispose();
            CryptographicOperations.ZeroMemory(_buffer);
        }
        base.Dispose(disposing);
    }

    private void DecryptFirstSlice()
    {
        // Nothing was held back yet.
        _start = Packet.MdcBytes;
        Decrypt();
        if (_end - _start < Packet.PrefixBytes)
            throw Refusal.Because(Refusal.Damaged);
        if (!Packet.IsPrefix(_buffer.AsSpan(_start)))
            throw Refusal.Because(Refusal.WrongPassphrase);
        _start += Packet.PrefixBytes;
    }

    private void DecryptSlice()
    {
        _buffer.AsSpan(_end, Packet.MdcBytes).CopyTo(_buffer);
        _start = 0;
        Decrypt();
    }

    /// <summary>Puts the next slice behind what was held back, and releases all but what might be the code.</summary>
    private void Decrypt()
    {
        var length = _packet.ReadAtLeast(_buffer.AsSpan(Packet.MdcBytes), Cfb.SliceBytes, throwOnEndOfStream: false);
        _cfb.Transform(_buffer, Packet.MdcBytes, length);
        _isLast = length < Cfb.SliceBytes;
        _end = length;
        if (_end < _start)
            throw Refusal.Because(Refusal.Damaged);
        _digest.AppendData(_buffer.AsSpan(_start, _end - _start));
        if (_isLast)
            CheckCode();
    }

    private void CheckCode()
    {
        var code = _buffer.AsSpan(_end, Packet.MdcBytes);
        _digest.AppendData(Packet.MdcHeader);
        if (!code.StartsWith(Packet.MdcHeader) || !CryptographicOperations.FixedTimeEquals(code[Packet.MdcHeader.Length..], _digest.GetHashAndReset()))
            throw Refusal.Because(Refusal.Damaged);
    }
}
