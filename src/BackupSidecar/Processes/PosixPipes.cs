using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Processes;

/// <summary>Pipes to and from programs that hold more than the usual 64 KiB, so that both ends sleep and wake less often.</summary>
internal static partial class PosixPipes
{
    /// <summary>What any user may have, unless the machine's operator says otherwise (/proc/sys/fs/pipe-max-size).</summary>
    private const int Bytes = 1024 * 1024;

    private const int SetPipeSize = 1031;

    /// <summary>Enlarges the pipe behind a stream. Where the kernel does not allow it, the pipe stays as it is, which works as well.</summary>
    public static void Enlarge(Stream stream)
    {
        if (stream is PipeStream pipe)
            _ = Control(pipe.SafePipeHandle, SetPipeSize, Bytes);
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(SafePipeHandle pipe, int command, int argument);
}
