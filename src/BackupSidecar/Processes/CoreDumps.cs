using System.Runtime.InteropServices;

namespace BackupSidecar.Processes;

/// <summary>What the kernel writes of a program that crashes: all of its memory, and with it every key and password.</summary>
internal static partial class CoreDumps
{
    private const int CoreSize = 4;

    /// <summary>From now on neither this program nor any that it starts leaves one.</summary>
    public static void Forbid() => _ = SetLimit(CoreSize, [0, 0]);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetLimit(int resource, ulong[] softAndHard);
}
