using BackupSidecar.Archives.Encryption.OpenPgp;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// Decrypts an OpenPGP message. Plaintext comes out before it is known whether it is what went in, so nothing that was read
/// here may be trusted before <see cref="Complete"/> has returned.
/// </summary>
internal abstract class Decryptor : ReadOnlyStream
{
    /// <summary>
    /// Messages of the kind that <see cref="Encryptor"/> writes for a passphrase are read here; all others (with recipients,
    /// compressed or otherwise encrypted, as gpg makes them) are read by gpg. Of several passphrases the beginning of a message for
    /// one passphrase tells the right one; gpg takes one only, so of other messages the first passphrase must be the right one.
    /// </summary>
    /// <param name="stored">The encrypted bytes; their beginning is read at once, the rest perhaps on another thread; not disposed.</param>
    /// <param name="settings">Keys, old ones included.</param>
    /// <exception cref="BackupRefusedException">No key is configured, or no passphrase is the right one.</exception>
    public static Decryptor Open(Stream stored, ArchiveSettings settings)
    {
        var passphrases = settings.Passphrases;
        if (passphrases.Count == 0 && settings.SecretKeys.Count == 0)
            throw new BackupRefusedException("The archive is encrypted, and neither BACKUP_ENCRYPTION_KEY nor BACKUP_DECRYPTION_KEY is set.");

        var beginning = new byte[MessageStart.MostBytes];
        var length = stored.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        Stream From(int start) => new ResumedStream(beginning.AsMemory(start..length), stored);
        return passphrases.Count > 0 && MessageStart.Recognise(beginning.AsSpan(..length)) is { } start
            ? Open(start, From, passphrases)
            : new GpgDecryptor(From(0), passphrases.Count > 0 ? passphrases[0] : null, settings);
    }

    /// <summary>Reads what is left and checks that everything is as it was written.</summary>
    /// <exception cref="BackupRefusedException">It is not.</exception>
    public abstract void Complete();

    /// <summary>Whoever is just reading here comes to an end soon.</summary>
    public abstract void Abort();

    private static Decryptor Open(MessageStart start, Func<int, Stream> from, IReadOnlyList<Secret> passphrases)
    {
        Secret? forGpg = null;
        foreach (var passphrase in passphrases)
        {
            using var key = new SessionKey(start.S2K, passphrase);
            var content = start.ContentFor(key.Bytes);
            if (content == MessageContent.Bytes)
                return new PassphraseDecryptor(from(start.KeyPacketBytes), key.Bytes);
            if (content == MessageContent.Other)
                forGpg ??= passphrase;
        }
        return forGpg is null ? throw Refusal.Because(Refusal.WrongPassphrase) : new GpgDecryptor(from(0), forGpg, new ArchiveSettings());
    }
}
