using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// Writes an OpenPGP message for a passphrase, in the plain and old form that every gpg opens (RFC 4880): the packet that says
/// how the key is made, then the encrypted packet with the bytes in one literal packet. Works on the caller's thread.
/// </summary>
internal sealed class PassphraseEncryptor : Encryptor
{
    private readonly ProtectedWriter _protected;
    private readonly PacketWriter _literal;

    /// <param name="passphrase">Opens the message.</param>
    /// <param name="s2k">How slowly; with SHA-512, and a salt that no other message has.</param>
    /// <param name="destination">Not disposed.</param>
    /// <exception cref="ConfigurationException">The passphrase is of no use.</exception>
    public PassphraseEncryptor(Secret passphrase, S2K s2k, Stream destination)
    {
        using var key = new SessionKey(s2k, passphrase);
        destination.Write([
            0xc0 | Packet.SymmetricKey, 4 + S2K.SaltBytes + 1,
            Packet.SymmetricKeyVersion, Packet.Aes256, Packet.IteratedAndSalted, Packet.Sha512, .. s2k.Salt, s2k.CodedCount]);
        _protected = new ProtectedWriter(key.Bytes, destination);
        _literal = new PacketWriter(Packet.Literal, _protected);
        // No file name and no time: the archive has its own.
        _literal.Write([Packet.BinaryFormat, 0, 0, 0, 0, 0]);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _literal.Write(buffer);
        MayFail.At(Failpoint.EncryptMiddle, CancellationToken.None);
    }

    public override void Complete()
    {
        _literal.Complete();
        _protected.Complete();
    }

    public override void Abort()
    {
        // Nobody waits here for anything but the destination.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _protected.Dispose();
        base.Dispose(disposing);
    }
}
