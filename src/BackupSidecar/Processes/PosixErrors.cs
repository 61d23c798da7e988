namespace BackupSidecar.Processes;

/// <summary>The error numbers of Linux that we tell apart; an <see cref="IOException"/> carries them as its HResult.</summary>
internal static class PosixErrors
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int Io = 5;
    public const int WouldBlock = 11;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int NotAFolder = 20;
    public const int InvalidArgument = 22;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int NameTooLong = 36;
    public const int NoSuchCall = 38;
    public const int Quota = 122;

    /// <summary>Whether it, or what caused it, is that a file system or a quota has no room.</summary>
    public static bool IsOutOfSpace(Exception? failure) =>
        failure is not null && (failure is IOException { HResult: NoSpace or Quota } || IsOutOfSpace(failure.InnerException));
}
