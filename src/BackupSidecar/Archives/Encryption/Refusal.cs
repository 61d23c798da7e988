namespace BackupSidecar.Archives.Encryption;

/// <summary>Why a message is refused, in the same words whether gpg found it or we did.</summary>
internal static class Refusal
{
    public const string Damaged = "it was damaged or cut after it was encrypted.";
    public const string WrongPassphrase = "no key opens it; was it encrypted with another BACKUP_ENCRYPTION_KEY? Then set BACKUP_OLD_ENCRYPTION_KEY to that one.";

    public static BackupRefusedException Because(string reason) => new($"The archive cannot be decrypted: {reason}");
}
