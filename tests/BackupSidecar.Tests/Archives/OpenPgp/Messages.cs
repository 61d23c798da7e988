using System.Security.Cryptography;
using BackupSidecar.Archives.Encryption;
using BackupSidecar.Archives.Encryption.OpenPgp;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives.OpenPgp;

/// <summary>Makes and opens OpenPGP messages, with us and with the host's gpg, whose word counts.</summary>
internal sealed class Messages : IDisposable
{
    public static readonly Secret Passphrase = new(Some.Passphrase);

    /// <summary>As fast as the standard allows, for tests that open many messages.</summary>
    public static readonly S2K Fast = new(HashAlgorithmName.SHA512, [1, 2, 3, 4, 5, 6, 7, 8], CodedCount: 0);

    private readonly Workspace _workspace = new();

    public Messages()
    {
        _workspace.Write("passphrase", System.Text.Encoding.UTF8.GetBytes(Some.Passphrase + "\n"));
        Host.Bash("mkdir -m 700 home", _workspace.Path);
    }

    /// <summary>Length of the first packet in our messages.</summary>
    public static int KeyPacketBytes => 2 + 4 + S2K.SaltBytes + 1;

    public static byte[] FastKey()
    {
        using var key = new SessionKey(Fast, Passphrase);
        return key.Bytes.ToArray();
    }

    /// <summary>A message of ours, written in pieces of random lengths.</summary>
    public static byte[] Encrypt(byte[] plain)
    {
        var random = new Random(plain.Length);
        using var message = new MemoryStream();
        using var encryptor = new PassphraseEncryptor(Passphrase, Fast, message);
        for (var rest = plain.AsSpan(); !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(rest.Length, random.Next(1 << random.Next(1, 21)))];
            encryptor.Write(piece);
            rest = rest[piece.Length..];
        }
        encryptor.Complete();
        return message.ToArray();
    }

    /// <summary>Something encrypted and with a right code, of which only the key is ours to choose.</summary>
    public static byte[] Protect(byte[] packets)
    {
        using var message = new MemoryStream();
        using var writer = new ProtectedWriter(FastKey(), message);
        writer.Write(packets);
        writer.Complete();
        return message.ToArray();
    }

    public static byte[] Read(Decryptor decryptor)
    {
        using (decryptor)
        {
            using var plain = new MemoryStream();
            decryptor.CopyTo(plain);
            decryptor.Complete();
            return plain.ToArray();
        }
    }

    /// <summary>Opened as an archive would be.</summary>
    public static Decryptor Open(byte[] message) => Decryptor.Open(new MemoryStream(message), Some.WithPassphrase());

    /// <summary>What gpg makes of a message, if it says that all of it is right.</summary>
    public byte[] DecryptWithGpg(byte[] message)
    {
        var id = Guid.NewGuid().ToString("N");
        var plain = Host.Bash($"{Gpg} --status-file {id} -d 2>{id}.errors || {{ cat {id}.errors >&2; exit 1; }}", _workspace.Path, message);
        var status = File.ReadAllText(_workspace[id]);
        Assert.Contains("DECRYPTION_OKAY", status);
        Assert.Contains("GOODMDC", status);
        return plain;
    }

    /// <summary>A message of gpg's, from a file, whose length it knows, or from a pipe.</summary>
    public byte[] EncryptWithGpg(byte[] plain, string options, bool fromPipe)
    {
        var encrypt = $"{Gpg} --cipher-algo AES256 --s2k-count 65536 {options} -o - -c";
        if (fromPipe)
            return Host.Bash(encrypt, _workspace.Path, plain);
        var file = Guid.NewGuid().ToString("N");
        _workspace.Write(file, plain);
        return Host.Bash($"{encrypt} {file}", _workspace.Path);
    }

    public void Dispose() => _workspace.Dispose();

    private static string Gpg => "gpg --homedir home --batch --quiet --no-autostart --no-random-seed-file --pinentry-mode loopback --passphrase-file passphrase";
}
