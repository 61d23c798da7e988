using BackupSidecar.Archives.Encryption.OpenPgp;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// Encrypts what is written to it into one OpenPGP message that stock gpg opens: for a passphrase we write it ourselves, for
/// public keys gpg does. Disposing without <see cref="Complete"/> leaves half a message behind, which nobody can open.
/// </summary>
internal abstract class Encryptor : WriteOnlyStream
{
    /// <param name="settings">The passphrase, the file of public keys, or both.</param>
    /// <param name="destination">Receives the encrypted bytes; not disposed.</param>
    /// <exception cref="ConfigurationException">The passphrase or the public keys are of no use.</exception>
    public static Encryptor Create(ArchiveSettings settings, Stream destination) =>
        settings is { EncryptionKey: { } passphrase, RecipientsFile: null }
            ? new PassphraseEncryptor(passphrase, S2K.Slowest(), destination)
            : new GpgEncryptor(settings, destination);

    /// <summary>Returns when the destination has the whole message.</summary>
    public abstract void Complete();

    /// <summary>Whoever is just writing here comes to an end soon, unless everything is written.</summary>
    public abstract void Abort();
}
