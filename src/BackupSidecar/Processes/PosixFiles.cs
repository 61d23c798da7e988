using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Processes;

/// <summary>
/// What files need for durability and for locks, and what .NET has no call for: renaming without replacing, flushing a
/// folder, and advisory locks that hold even where .NET's own locking is switched off.
/// </summary>
internal static partial class PosixFiles
{
    private const int CurrentDirectory = -100;
    private const uint NoReplace = 1;
    private const uint ExchangeBoth = 2;
    private const int CloseOnExec = 0x80000;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int MustBeNew = 0x80;
    private const int OwnerOnly = 0b110_000_000;
    private const int GetFlags = 3;
    private const int SetFlags = 4;
    private const int LockShared = 1;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int LockNone = 8;
    private const int DontNeed = 4;
    private const int WriteAccess = 2;

    /// <summary>O_DIRECT, which is one of the few flags that architectures number differently.</summary>
    private static readonly int Direct = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    /// <summary>Creates a file that only its owner can read, from its first moment on.</summary>
    public static SafeFileHandle CreatePrivate(string path) => Open(path, ReadWrite | Create | MustBeNew, "create");

    /// <summary>
    /// Opens a file to read and write. The runtime locks each file that it opens itself, unless that is switched off, so that
    /// what another process has locked could not even be read.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="mayCreate">Whether it is made, readable by its owner only, if it is not there.</param>
    public static SafeFileHandle OpenShared(string path, bool mayCreate) => Open(path, mayCreate ? ReadWrite | Create : ReadWrite, "open");

    /// <summary>Renames within one file system; throws if something with the new name exists.</summary>
    /// <exception cref="IOException">The kernel refused; <see cref="Exception.HResult"/> is its error number.</exception>
    public static void RenameWithoutReplacing(string from, string to)
    {
        if (RenameAt2(CurrentDirectory, from, CurrentDirectory, to, NoReplace) == 0)
            return;
        var error = Marshal.GetLastPInvokeError();
        if (error is not (PosixErrors.InvalidArgument or PosixErrors.NoSuchCall))
            throw Failure($"Cannot rename {from} to {to}", error);
        // NFS and some FUSE file systems do not know the flag. A hard link never replaces anything either.
        LinkThenUnlink(from, to);
    }

    /// <summary>Lets two files of one folder take each other's name, in one step; false where the file system has no such thing.</summary>
    /// <exception cref="IOException">The kernel refused; <see cref="Exception.HResult"/> is its error number.</exception>
    public static bool TryExchange(string one, string other)
    {
        if (RenameAt2(CurrentDirectory, one, CurrentDirectory, other, ExchangeBoth) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error is PosixErrors.InvalidArgument or PosixErrors.NoSuchCall ? false : throw Failure($"Cannot exchange {one} and {other}", error);
    }

    /// <summary>Gives a file a second name that must be free, then takes the first one away.</summary>
    public static void LinkThenUnlink(string from, string to)
    {
        if (Link(from, to) != 0)
            throw Failure($"Cannot rename {from} to {to}", Marshal.GetLastPInvokeError());
        File.Delete(from);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void FlushFolder(string path)
    {
        using var folder = Open(path, flags: 0, "open");
        // EINVAL: this file system has no such thing as flushing a folder, and asking again will not change that.
        if (FSync(folder) != 0 && Marshal.GetLastPInvokeError() is var error and not PosixErrors.InvalidArgument)
            throw Failure($"Cannot flush {path}", error);
    }

    /// <summary>Removes a file if that can be done: not where its folder is gone, or its file system is read-only by now.</summary>
    public static void TryRemove(string path) => _ = Unlink(path);

    /// <summary>Whether we may write there as far as the kernel can tell without a try: not where a file system is read-only.</summary>
    public static bool MayWrite(string path) => Access(path, WriteAccess) == 0;

    /// <summary>Locks an open file until it is closed; false if somebody else, in this or any other process, has it locked.</summary>
    /// <exception cref="IOException">The file system has no locks.</exception>
    public static bool TryLock(SafeFileHandle file)
    {
        if (FLock(file, LockExclusive | LockNonBlocking) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == PosixErrors.WouldBlock ? false : throw Failure("Cannot lock a file", error);
    }

    /// <summary>Waits until an open file can be locked, and locks it until it is closed. For what is held for moments only.</summary>
    /// <exception cref="IOException">The file system has no locks.</exception>
    public static void Lock(SafeFileHandle file)
    {
        while (FLock(file, LockExclusive) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not PosixErrors.Interrupted)
                throw Failure("Cannot lock a file", error);
        }
    }

    /// <summary>
    /// Takes a lock back before its file is closed. Closing alone is not enough where the lock may be taken again at once: a program that
    /// is just being started has all that we have open, and with it the lock, until it has become what it is to be.
    /// </summary>
    public static void Unlock(SafeFileHandle file) => _ = FLock(file, LockNone);

    /// <summary>Marks an open file as in use until it is closed. File systems without locks are left alone.</summary>
    public static void MarkInUse(SafeFileHandle file) => _ = FLock(file, LockShared | LockNonBlocking);

    /// <summary>Whether nobody, in this or any other process, has marked the file as in use.</summary>
    public static bool IsUnused(SafeFileHandle file) => FLock(file, LockExclusive | LockNonBlocking) == 0;

    /// <summary>Lets an open file be written past the page cache, or no longer. False where its file system has no such thing.</summary>
    public static bool TrySetDirect(SafeFileHandle file, bool isDirect)
    {
        var flags = Control(file, GetFlags, 0);
        return flags >= 0 && Control(file, SetFlags, isDirect ? flags | Direct : flags & ~Direct) == 0;
    }

    /// <summary>Asks the system to drop what it has of a file in memory. It drops what is on the disk, and may decline.</summary>
    public static void DropCached(SafeFileHandle file) => _ = Advise(file, offset: 0, length: 0, DontNeed);

    private static SafeFileHandle Open(string path, int flags, string attempt)
    {
        var file = Open(path, flags | CloseOnExec, OwnerOnly);
        return file.IsInvalid ? throw Failure($"Cannot {attempt} {path}", Marshal.GetLastPInvokeError()) : file;
    }

    private static IOException Failure(string attempt, int error) =>
        new($"{attempt}: {new Win32Exception(error).Message}.", error);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FLock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
