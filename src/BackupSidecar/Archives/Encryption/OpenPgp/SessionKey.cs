using System.Security.Cryptography;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>The key of one message, made of its passphrase; wiped when disposed.</summary>
internal sealed class SessionKey : IDisposable
{
    // Pinned, or the garbage collector might leave copies behind when it moves things.
    private readonly byte[] _bytes = GC.AllocateArray<byte>(Cfb.KeyBytes, pinned: true);

    /// <exception cref="ConfigurationException">The passphrase is of no use.</exception>
    public SessionKey(S2K s2k, Secret passphrase)
    {
        using var text = new Passphrase(passphrase);
        s2k.DeriveKey(text.Bytes, _bytes);
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
