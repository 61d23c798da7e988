using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives.Encryption;

/// <summary>The bytes of a passphrase as gpg takes them from a line; wiped when disposed.</summary>
internal sealed class Passphrase : IDisposable
{
    private readonly byte[] _line;

    /// <exception cref="ConfigurationException">It is empty, or has more than one line: gpg would silently take another one.</exception>
    public Passphrase(Secret secret)
    {
        var text = secret.Reveal();
        if (text.Length == 0 || text.AsSpan().IndexOfAny('\n', '\0') >= 0)
        {
            throw new ConfigurationException([new ConfigurationFault(
                "BACKUP_ENCRYPTION_KEY", "a passphrase must not be empty or hold a line break, because gpg reads one line.")]);
        }
        // Pinned, or the garbage collector might leave copies behind when it moves things.
        _line = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(text) + 1, pinned: true);
        Encoding.UTF8.GetBytes(text, _line);
        _line[^1] = (byte)'\n';
    }

    public ReadOnlySpan<byte> Bytes => _line.AsSpan(0, _line.Length - 1);

    /// <summary>With the line break behind it.</summary>
    public ReadOnlySpan<byte> Line => _line;

    public void Dispose() => CryptographicOperations.ZeroMemory(_line);
}
