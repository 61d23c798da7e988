using BackupSidecar.Processes;

namespace BackupSidecar.Stores.Local;

/// <summary>Says in a person's words what a file system refused, and what to look at.</summary>
internal static class LocalFailures
{
    /// <summary>Whether this is a file system's refusal, and not a fault of ours.</summary>
    public static bool IsRefusal(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <param name="attempt">What was tried, as an infinitive with its object: "write /backups/app/x".</param>
    /// <param name="cause">What the file system said.</param>
    public static StoreException Describe(string attempt, Exception cause) =>
        cause.HResult == PosixErrors.Exists
            ? new StoreNameTakenException($"Local store: cannot {attempt}: the name is taken, and nothing is ever overwritten.", cause)
            : new StoreException($"Local store: cannot {attempt}: {Explain(cause)}", isTransient: false, cause);

    private static string Explain(Exception cause) => cause switch
    {
        UnauthorizedAccessException => $"permission denied.{Capabilities.Ours.AdviceFor(cause)}",
        DirectoryNotFoundException or FileNotFoundException => "it does not exist, or a part of the path is a file. Check that the folder is mounted.",
        { HResult: PosixErrors.NotPermitted or PosixErrors.AccessDenied } => $"permission denied.{Capabilities.Ours.AdviceFor(cause)}",
        { HResult: PosixErrors.NoEntry } => "it does not exist. Check that the folder is mounted.",
        { HResult: PosixErrors.NoSpace } => "no space is left on the file system. Free some, or keep fewer backups there.",
        { HResult: PosixErrors.Quota } => "the disk quota is used up. Raise it, or keep fewer backups there.",
        { HResult: PosixErrors.ReadOnly } => "the file system is mounted read-only. Mount it read-write.",
        { HResult: PosixErrors.NotAFolder } => "a part of the path is a file and not a folder.",
        { HResult: PosixErrors.NameTooLong } => "the name is too long for this file system. Choose a shorter BACKUP_NAME.",
        { HResult: PosixErrors.Io } => "the disk reports an error. Check the kernel's log and the health of the disk.",
        _ => cause.Message,
    };
}
