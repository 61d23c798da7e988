using System.Security.Cryptography;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// How a passphrase becomes a key: "iterated and salted" (RFC 4880, 3.7.1.3). Salt and passphrase are hashed again and
/// again, until so many bytes went in that guessing is slow.
/// </summary>
internal sealed record S2K(HashAlgorithmName Digest, byte[] Salt, byte CodedCount)
{
    public const int SaltBytes = 8;

    /// <summary>The slowest that a message can tell, 65,011,712 bytes of SHA-512, with a salt of its own.</summary>
    public static S2K Slowest() => new(HashAlgorithmName.SHA512, RandomNumberGenerator.GetBytes(SaltBytes), CodedCount: 0xff);

    /// <summary>How many bytes are hashed.</summary>
    public int Count => (16 + (CodedCount & 15)) << ((CodedCount >> 4) + 6);

    /// <summary>Fills the key, which the caller wipes.</summary>
    public void DeriveKey(ReadOnlySpan<byte> passphrase, Span<byte> key)
    {
        // Many repetitions at once, so that the digest is not called for each.
        var once = SaltBytes + passphrase.Length;
        var repeated = GC.AllocateUninitializedArray<byte>(once * ((16 * 1024 / once) + 1), pinned: true);
        try
        {
            for (var at = 0; at < repeated.Length; at += once)
            {
                Salt.CopyTo(repeated, at);
                passphrase.CopyTo(repeated.AsSpan(at + SaltBytes));
            }
            Fill(key, repeated, Math.Max(Count, once));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(repeated);
        }
    }

    /// <summary>A digest that is shorter than the key is taken again, each time with one more zero in front.</summary>
    private void Fill(Span<byte> key, ReadOnlySpan<byte> repeated, int count)
    {
        using var digest = IncrementalHash.CreateHash(Digest);
        Span<byte> part = stackalloc byte[digest.HashLengthInBytes];
        for (var zeros = 0; !key.IsEmpty; zeros++)
        {
            digest.AppendData(new byte[zeros]);
            for (var left = count; left > 0; left -= repeated.Length)
                digest.AppendData(repeated[..Math.Min(left, repeated.Length)]);
            digest.GetHashAndReset(part);
            var length = Math.Min(part.Length, key.Length);
            part[..length].CopyTo(key);
            key = key[length..];
        }
        CryptographicOperations.ZeroMemory(part);
    }
}
