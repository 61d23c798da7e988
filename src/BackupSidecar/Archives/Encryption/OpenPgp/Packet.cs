namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>The numbers of RFC 4880 that both the writer and the reader need.</summary>
internal static class Packet
{
    public const int SymmetricKey = 3;
    public const int Literal = 11;
    public const int IntegrityProtected = 18;

    public const byte SymmetricKeyVersion = 4;
    public const byte Aes256 = 9;
    public const byte IteratedAndSalted = 3;
    public const byte Sha512 = 10;
    public const byte IntegrityProtectedVersion = 1;
    public const byte BinaryFormat = (byte)'b';

    /// <summary>A block of noise and its last two bytes again: by these a wrong key is told.</summary>
    public const int PrefixBytes = Cfb.BlockBytes + 2;

    /// <summary>The modification detection code: its header and the SHA-1 of all that stands before the digest.</summary>
    public const int MdcBytes = 2 + 20;

    public static ReadOnlySpan<byte> MdcHeader => [0xd3, 20];

    public static bool IsPrefix(ReadOnlySpan<byte> plain) =>
        plain[(Cfb.BlockBytes - 2)..Cfb.BlockBytes].SequenceEqual(plain[Cfb.BlockBytes..PrefixBytes]);
}
