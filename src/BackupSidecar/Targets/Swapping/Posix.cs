using System.Runtime.InteropServices;
using System.Text;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Swapping;

/// <summary>The few calls of the C library that .NET does not have, or has only for names that are UTF-8. None follows a symbolic link.</summary>
internal static partial class Posix
{
    public const int NotPermitted = 1;
    public const int NotFound = 2;
    public const int NotSupported = 95;

    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const int NameOffset = 19;
    private const int LengthOffset = 16;

    /// <exception cref="PosixException">It failed.</exception>
    public static void Rename(RawPath from, RawPath to) =>
        Check(Native.Rename(from.NullTerminated, to.NullTerminated), $"moving {from} to {to}");

    public static void HardLink(RawPath from, RawPath to) =>
        Check(Native.Link(from.NullTerminated, to.NullTerminated), $"linking {from} to {to}");

    /// <summary>Makes a directory that only its owner may enter.</summary>
    public static void MakePrivateDirectory(RawPath path) =>
        Check(Native.MakeDirectory(path.NullTerminated, Convert.ToUInt32("700", 8)), $"making the directory {path}");

    /// <summary>Removes an empty directory.</summary>
    public static void RemoveDirectory(RawPath path) => Check(Native.RemoveDirectory(path.NullTerminated), $"removing {path}");

    /// <summary>What is there, or null if nothing is.</summary>
    public static FileFacts? Find(RawPath path)
    {
        Span<byte> answer = stackalloc byte[256];
        var result = Native.Statx(CurrentDirectory, path.NullTerminated, NoFollow, 0x7ff, ref MemoryMarshal.GetReference(answer));
        if (result != 0 && Marshal.GetLastPInvokeError() == NotFound)
            return null;
        Check(result, $"looking at {path}");
        return FileFacts.From(answer);
    }

    public static IReadOnlyList<RawName> List(RawPath directory)
    {
        var handle = Native.OpenDirectory(directory.NullTerminated);
        if (handle == 0)
            throw PosixException.Last($"listing {directory}");
        try
        {
            var names = new List<RawName>();
            while (NextName(handle, directory) is { } name)
            {
                if (name.Bytes is not ([(byte)'.'] or [(byte)'.', (byte)'.']))
                    names.Add(name);
            }
            return names;
        }
        finally
        {
            _ = Native.CloseDirectory(handle);
        }
    }

    /// <summary>Writes everything of the file system that <paramref name="directory"/> lies on to the disk.</summary>
    public static void SyncFileSystem(RawPath directory)
    {
        var descriptor = Native.Open(directory.NullTerminated, OpenDirectoryReadOnly);
        Check(descriptor, $"opening {directory}");
        try
        {
            Check(Native.SyncFileSystem(descriptor), $"writing {directory} to the disk");
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }

    public static void SetOwner(RawPath path, uint owner, uint group) =>
        Check(Native.ChangeOwner(path.NullTerminated, owner, group), $"setting the owner of {path}");

    /// <summary>Sets the permissions of something that is not a symbolic link.</summary>
    public static void SetMode(RawPath path, uint mode) => Check(Native.ChangeMode(path.NullTerminated, mode), $"setting the mode of {path}");

    public static void SetModifiedAt(RawPath path, long seconds, long nanoseconds)
    {
        long[] times = [seconds, nanoseconds, seconds, nanoseconds];
        Check(Native.SetTimes(CurrentDirectory, path.NullTerminated, times, NoFollow), $"setting the time of {path}");
    }

    /// <summary>Names of the extended attributes; none where the file system has none.</summary>
    public static IReadOnlyList<string> ListAttributes(RawPath path)
    {
        var buffer = new byte[64 * 1024];
        var length = Native.ListAttributes(path.NullTerminated, buffer, buffer.Length);
        if (length < 0 && Marshal.GetLastPInvokeError() == NotSupported)
            return [];
        Check(length, $"reading the attributes of {path}");
        return Encoding.UTF8.GetString(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    public static byte[] GetAttribute(RawPath path, string name)
    {
        var buffer = new byte[64 * 1024];
        var length = Native.GetAttribute(path.NullTerminated, Terminated(name), buffer, buffer.Length);
        Check(length, $"reading the attribute {name} of {path}");
        return buffer[..(int)length];
    }

    public static void SetAttribute(RawPath path, string name, byte[] value) =>
        Check(Native.SetAttribute(path.NullTerminated, Terminated(name), value, value.Length, 0), $"setting the attribute {name} of {path}");

    public static void RemoveAttribute(RawPath path, string name) =>
        Check(Native.RemoveAttribute(path.NullTerminated, Terminated(name)), $"removing the attribute {name} of {path}");

    // The layout of a directory entry is the same on all 64-bit Linux systems: inode, offset, length of the record, type, name.
    private static RawName? NextName(nint handle, RawPath directory)
    {
        Marshal.SetLastSystemError(0);
        var entry = Native.ReadDirectory(handle);
        if (entry == 0)
            return Marshal.GetLastPInvokeError() == 0 ? null : throw PosixException.Last($"listing {directory}");
        var name = new byte[Marshal.ReadInt16(entry, LengthOffset) - NameOffset];
        Marshal.Copy(entry + NameOffset, name, 0, name.Length);
        return new RawName(name.AsSpan(0, name.AsSpan().IndexOf((byte)0)).ToArray());
    }

    // Not the same number everywhere: the kernel gives O_DIRECTORY and O_DIRECT each other's value on ARM.
    private static int OpenDirectoryReadOnly =>
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 | 0x80000 : 0x10000 | 0x80000;

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static void Check(long result, string attempt)
    {
        if (result < 0)
            throw PosixException.Last(attempt);
    }

    private static partial class Native
    {
        private const string Library = "libc";

        [LibraryImport(Library, EntryPoint = "rename", SetLastError = true)]
        public static partial int Rename(byte[] from, byte[] to);

        [LibraryImport(Library, EntryPoint = "link", SetLastError = true)]
        public static partial int Link(byte[] from, byte[] to);

        [LibraryImport(Library, EntryPoint = "mkdir", SetLastError = true)]
        public static partial int MakeDirectory(byte[] path, uint mode);

        [LibraryImport(Library, EntryPoint = "rmdir", SetLastError = true)]
        public static partial int RemoveDirectory(byte[] path);

        [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
        public static partial int Statx(int directory, byte[] path, int flags, uint mask, ref byte answer);

        [LibraryImport(Library, EntryPoint = "opendir", SetLastError = true)]
        public static partial nint OpenDirectory(byte[] path);

        [LibraryImport(Library, EntryPoint = "readdir", SetLastError = true)]
        public static partial nint ReadDirectory(nint handle);

        [LibraryImport(Library, EntryPoint = "closedir", SetLastError = true)]
        public static partial int CloseDirectory(nint handle);

        [LibraryImport(Library, EntryPoint = "open", SetLastError = true)]
        public static partial int Open(byte[] path, int flags);

        [LibraryImport(Library, EntryPoint = "syncfs", SetLastError = true)]
        public static partial int SyncFileSystem(int descriptor);

        [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
        public static partial int Close(int descriptor);

        [LibraryImport(Library, EntryPoint = "lchown", SetLastError = true)]
        public static partial int ChangeOwner(byte[] path, uint owner, uint group);

        [LibraryImport(Library, EntryPoint = "chmod", SetLastError = true)]
        public static partial int ChangeMode(byte[] path, uint mode);

        [LibraryImport(Library, EntryPoint = "utimensat", SetLastError = true)]
        public static partial int SetTimes(int directory, byte[] path, long[] times, int flags);

        [LibraryImport(Library, EntryPoint = "llistxattr", SetLastError = true)]
        public static partial nint ListAttributes(byte[] path, byte[] names, nint size);

        [LibraryImport(Library, EntryPoint = "lgetxattr", SetLastError = true)]
        public static partial nint GetAttribute(byte[] path, byte[] name, byte[] value, nint size);

        [LibraryImport(Library, EntryPoint = "lsetxattr", SetLastError = true)]
        public static partial int SetAttribute(byte[] path, byte[] name, byte[] value, nint size, int flags);

        [LibraryImport(Library, EntryPoint = "lremovexattr", SetLastError = true)]
        public static partial int RemoveAttribute(byte[] path, byte[] name);
    }
}
