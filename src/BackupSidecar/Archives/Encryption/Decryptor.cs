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
    /// compressed or otherwise encrypted, as gpg makes them) and all with a secret key are read by gpg.
    /// </summary>
    /// <param name="stored">The encrypted bytes; their beginning is read at once, the rest perhaps on another thread; not disposed.</param>
    /// <param name="settings">Keys.</param>
    /// <exception cref="BackupRefusedException">No key is configured, or the passphrase is not the right one.</exception>
    public static Decryptor Open(Stream stored, ArchiveSettings settings)
    {
        if (settings is { EncryptionKey: null, DecryptionKey: null })
            throw new BackupRefusedException("The archive is encrypted, and neither BACKUP_ENCRYPTION_KEY nor BACKUP_DECRYPTION_KEY is set.");
        if (settings is not { EncryptionKey: { } passphrase, DecryptionKey: null })
            return new GpgDecryptor(stored, settings);

        var beginning = new byte[MessageStart.MostBytes];
        var length = stored.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        Stream From(int start) => new ResumedStream(beginning.AsMemory(start..length), stored);
        return MessageStart.Recognise(beginning.AsSpan(..length)) is { } start
            && PassphraseDecryptor.TryOpen(start, From(start.KeyPacketBytes), passphrase) is { } own
                ? own
                : new GpgDecryptor(From(0), settings);
    }

    /// <summary>Reads what is left and checks that everything is as it was written.</summary>
    /// <exception cref="BackupRefusedException">It is not.</exception>
    public abstract void Complete();

    /// <summary>Whoever is just reading here comes to an end soon.</summary>
    public abstract void Abort();
}
