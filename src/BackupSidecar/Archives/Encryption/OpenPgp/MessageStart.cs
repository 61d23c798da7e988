using System.Security.Cryptography;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>What a key shows of the content of a message.</summary>
internal enum MessageContent
{
    /// <summary>Nothing: it is not the key.</summary>
    Closed,

    /// <summary>A plain sequence of bytes, as we write it.</summary>
    Bytes,

    /// <summary>Something else, such as compressed bytes; or, once in 65,536 times, it is not the key.</summary>
    Other,
}

/// <summary>
/// The beginning of a message of the one kind that we read ourselves: a passphrase alone, AES-256, a modification detection
/// code. Whether its content is of our kind as well, only the key shows.
/// </summary>
/// <param name="S2K">How its key is made.</param>
/// <param name="KeyPacketBytes">Length of the first packet, behind which the encrypted one begins.</param>
/// <param name="Ciphertext">The first two blocks of what is encrypted.</param>
internal sealed record MessageStart(S2K S2K, int KeyPacketBytes, byte[] Ciphertext)
{
    /// <summary>How much of a message has to be looked at: two headers of six bytes at most, and what is behind them.</summary>
    public const int MostBytes = 6 + KeyBodyBytes + 6 + 1 + CiphertextBytes;

    private const int KeyBodyBytes = 4 + S2K.SaltBytes + 1;
    private const int CiphertextBytes = 2 * Cfb.BlockBytes;

    /// <summary>Null if it is another kind of message, or none.</summary>
    public static MessageStart? Recognise(ReadOnlySpan<byte> beginning)
    {
        var bytes = new MemoryStream(beginning.ToArray());
        if (PacketHeader.Read(bytes) is not { Tag: Packet.SymmetricKey, Length: { Bytes: KeyBodyBytes, IsPartial: false } })
            return null;
        var body = new byte[KeyBodyBytes];
        if (!TryFill(body, bytes) || ReadS2K(body) is not { } s2k)
            return null;
        var keyPacketBytes = (int)bytes.Position;
        if (PacketHeader.Read(bytes) is not { Tag: Packet.IntegrityProtected, Length.Bytes: > CiphertextBytes })
            return null;
        var ciphertext = new byte[CiphertextBytes];
        return bytes.ReadByte() == Packet.IntegrityProtectedVersion && TryFill(ciphertext, bytes)
            ? new MessageStart(s2k, keyPacketBytes, ciphertext)
            : null;
    }

    /// <summary>What the content is, as far as this key can tell.</summary>
    public MessageContent ContentFor(ReadOnlySpan<byte> key)
    {
        var plain = Ciphertext.ToArray();
        using var cfb = Cfb.Decryption(key);
        cfb.Transform(plain, 0, plain.Length);
        if (!Packet.IsPrefix(plain))
            return MessageContent.Closed;
        var content = new MemoryStream(plain, Packet.PrefixBytes, plain.Length - Packet.PrefixBytes);
        return PacketHeader.Read(content) is { Tag: Packet.Literal } && content.ReadByte() == Packet.BinaryFormat
            ? MessageContent.Bytes
            : MessageContent.Other;
    }

    private static S2K? ReadS2K(byte[] body) => (body, Digest(body[3])) switch
    {
        ([Packet.SymmetricKeyVersion, Packet.Aes256, Packet.IteratedAndSalted, _, .. var salt, var count], { } digest) => new S2K(digest, salt, count),
        _ => null,
    };

    private static HashAlgorithmName? Digest(byte algorithm) => algorithm switch
    {
        2 => HashAlgorithmName.SHA1,
        8 => HashAlgorithmName.SHA256,
        Packet.Sha512 => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static bool TryFill(byte[] buffer, MemoryStream source) =>
        source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;
}
