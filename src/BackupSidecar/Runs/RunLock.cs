using System.Runtime.InteropServices;

namespace BackupSidecar.Runs;

/// <summary>Another run is going on. Ends the program with exit code 4.</summary>
internal sealed class RunLockedException(string message) : Exception(message);

/// <summary>
/// The right to run: at most one backup, restore or prune per state directory at a time, in whatever process. The kernel
/// takes the lock back when its holder dies, so it can never be stale.
/// </summary>
internal sealed partial class RunLock : IDisposable
{
    // FileShare.None would lock too, but not where the runtime's file locking is switched off, as it is in our image.
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <param name="stateDirectory">Made if it is missing.</param>
    /// <param name="purpose">What for, in words: the next one who finds it locked reads this.</param>
    /// <exception cref="RunLockedException">Somebody else holds it.</exception>
    /// <exception cref="IOException">The directory cannot be written to.</exception>
    public static RunLock Take(string stateDirectory, string purpose)
    {
        Directory.CreateDirectory(stateDirectory);
        var path = Path.Combine(stateDirectory, "run.lock");
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (Lock((int)file.SafeFileHandle.DangerousGetHandle(), LockExclusive | LockNonBlocking) != 0)
        {
            using var reader = new StreamReader(file);
            var holder = reader.ReadToEnd().Trim();
            throw new RunLockedException($"Another run is going on ({holder}). Wait for it to end, or look at it with: docker logs.");
        }
        file.SetLength(0);
        file.Write(System.Text.Encoding.UTF8.GetBytes($"{purpose}, process {Environment.ProcessId}\n"));
        file.Flush();
        return new RunLock(file);
    }

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(int descriptor, int operation);
}
