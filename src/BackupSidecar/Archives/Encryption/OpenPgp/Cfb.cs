using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// AES-256 in cipher feedback mode, made of the platform's faster modes. CFB adds a keystream to the text, Xᵢ₊₁ = E(Cᵢ) and
/// X₁ = E(0). To decrypt, all Cᵢ are known, so that the keystream is their encryption block by block (ECB). To encrypt,
/// Xᵢ₊₁ = E(Xᵢ ⊕ Pᵢ), which is what CBC makes of the plaintext.
/// </summary>
internal sealed class Cfb : IDisposable
{
    public const int KeyBytes = 32;
    public const int BlockBytes = 16;

    /// <summary>The longest slice: it and its keystream stay in the processor's cache.</summary>
    public const int SliceBytes = 64 * 1024;

    private readonly ICryptoTransform _next;

    /// <summary>The first block is what the last slice left behind.</summary>
    private readonly byte[] _keystream = new byte[BlockBytes + SliceBytes];

    private Cfb(ReadOnlySpan<byte> key, CipherMode mode)
    {
        using var aes = Aes.Create();
        aes.Mode = mode;
        aes.Padding = PaddingMode.None;
        aes.SetKey(key);
        aes.IV = new byte[BlockBytes];
        _next = aes.CreateEncryptor();
        _next.TransformBlock(new byte[BlockBytes], 0, BlockBytes, _keystream, 0);
    }

    public static Cfb Encryption(ReadOnlySpan<byte> key) => new(key, CipherMode.CBC);

    public static Cfb Decryption(ReadOnlySpan<byte> key) => new(key, CipherMode.ECB);

    /// <summary>Encrypts or decrypts in place. Slices consist of whole blocks; only the last one need not.</summary>
    public void Transform(byte[] buffer, int offset, int length)
    {
        var whole = length / BlockBytes * BlockBytes;
        if (whole > 0)
            _next.TransformBlock(buffer, offset, whole, _keystream, BlockBytes);
        Xor(buffer.AsSpan(offset, length), _keystream);
        _keystream.AsSpan(whole, BlockBytes).CopyTo(_keystream);
    }

    public void Dispose()
    {
        _next.Dispose();
        CryptographicOperations.ZeroMemory(_keystream);
    }

    private static void Xor(Span<byte> text, ReadOnlySpan<byte> keystream)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(text);
        var keys = MemoryMarshal.Cast<byte, Vector<byte>>(keystream);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] ^= keys[i];
        for (var i = vectors.Length * Vector<byte>.Count; i < text.Length; i++)
            text[i] ^= keystream[i];
    }
}
