using System.Runtime.InteropServices;
using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Runs;

/// <summary>Another run is going on. Ends the program with exit code 4.</summary>
internal sealed class RunLockedException(string message) : Exception(message);

/// <summary>
/// The right to run: at most one backup, restore or prune per state directory at a time, in whatever process. The kernel
/// takes the lock back when its holder dies, so it can never be stale; what the holder wrote into it then tells who died.
/// </summary>
internal sealed partial class RunLock : IDisposable
{
    // FileShare.None would lock too, but not where the runtime's file locking is switched off, as it is in our image.
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    private const int Attempts = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private RunLock(FileStream file, string? diedBefore)
    {
        _file = file;
        DiedBefore = diedBefore;
    }

    /// <summary>The purpose of a holder that was killed before it could release the lock, or null.</summary>
    public string? DiedBefore { get; }

    /// <summary>Takes the lock, if need be after a short wait: a program that has just started holds it for a moment, too.</summary>
    /// <param name="stateDirectory">Made if it is missing.</param>
    /// <param name="purpose">What for: the next one who finds it locked, or left behind, reads this.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RunLockedException">Somebody else holds it.</exception>
    /// <exception cref="ConfigurationException">The directory cannot be written to.</exception>
    public static async Task<RunLock> TakeAsync(string stateDirectory, string purpose, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(stateDirectory);
                return Take(stateDirectory, purpose);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException([new ConfigurationFault(
                    SettingTable.StateDirectory.Name,
                    $"{stateDirectory} cannot be written to: {failure.Message} Mount a volume there, or name another folder.")]);
            }
            catch (RunLockedException) when (attempt < Attempts)
            {
                await Task.Delay(Pause, cancellation);
            }
        }
    }

    private static RunLock Take(string stateDirectory, string purpose)
    {
        var file = new FileStream(Path.Combine(stateDirectory, "run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        var isFree = Lock((int)file.SafeFileHandle.DangerousGetHandle(), LockExclusive | LockNonBlocking) == 0;
        var holder = Read(file);
        if (!isFree)
        {
            file.Dispose();
            throw new RunLockedException($"Another run is going on: {holder}. Nothing was done; try again when it has ended.");
        }
        Write(file, purpose);
        return new RunLock(file, holder.Length > 0 ? holder : null);
    }

    /// <summary>What the holder says of itself, or null if nobody holds it.</summary>
    public static string? Holder(string stateDirectory)
    {
        try
        {
            using var file = new FileStream(Path.Combine(stateDirectory, "run.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return Lock((int)file.SafeFileHandle.DangerousGetHandle(), LockExclusive | LockNonBlocking) == 0 ? null : Read(file);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Write(_file, "");
        _file.Dispose();
    }

    private static string Read(FileStream file)
    {
        var bytes = new byte[256];
        return Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).Trim();
    }

    private static void Write(FileStream file, string text)
    {
        file.SetLength(0);
        file.Position = 0;
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush();
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(int descriptor, int operation);
}
