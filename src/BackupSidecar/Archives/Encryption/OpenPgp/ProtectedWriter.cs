using System.Security.Cryptography;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// Writes the encrypted packet "with integrity protection" (RFC 4880, 5.13): a prefix of noise, the packets that are written
/// here, and their modification detection code, all of it encrypted.
/// </summary>
internal sealed class ProtectedWriter : WriteOnlyStream
{
    private readonly PacketWriter _packet;
    private readonly Cfb _cfb;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly byte[] _slice = new byte[Cfb.SliceBytes];
    private int _length;

    /// <param name="key">Not needed after this.</param>
    /// <param name="destination">Not disposed.</param>
    public ProtectedWriter(ReadOnlySpan<byte> key, Stream destination)
    {
        _cfb = Cfb.Encryption(key);
        _packet = new PacketWriter(Packet.IntegrityProtected, destination);
        _packet.Write([Packet.IntegrityProtectedVersion]);
        Span<byte> prefix = stackalloc byte[Packet.PrefixBytes];
        RandomNumberGenerator.Fill(prefix[..Cfb.BlockBytes]);
        prefix[(Cfb.BlockBytes - 2)..Cfb.BlockBytes].CopyTo(prefix[Cfb.BlockBytes..]);
        Write(prefix);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _digest.AppendData(buffer);
        Encrypt(buffer);
    }

    public void Complete()
    {
        Write(Packet.MdcHeader);
        Encrypt(_digest.GetHashAndReset());
        EncryptSlice();
        _packet.Complete();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cfb.Dispose();
            _digest.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Encrypt(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_length == _slice.Length)
                EncryptSlice();
            var length = Math.Min(buffer.Length, _slice.Length - _length);
            buffer[..length].CopyTo(_slice.AsSpan(_length));
            _length += length;
            buffer = buffer[length..];
        }
    }

    private void EncryptSlice()
    {
        _cfb.Transform(_slice, 0, _length);
        _packet.Write(_slice.AsSpan(0, _length));
        _length = 0;
    }
}
