using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;

namespace BackupSidecar.Runs;

/// <summary>Another run is going on. Ends the program with exit code 4.</summary>
internal sealed class RunLockedException(string message) : Exception(message);

/// <summary>
/// The right to run: at most one backup, restore or prune per state directory at a time, in whatever process. The kernel
/// takes the lock back when its holder dies, so it can never be stale; what the holder wrote into it then tells who died,
/// and stays there until somebody has told of it.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private const int MostDead = 20;

    /// <summary>The name of the lock that every run takes.</summary>
    public const string OfRuns = "run.lock";

    /// <summary>The name of the lock of whoever follows the schedule: two of them would begin every run twice.</summary>
    public const string OfTheSchedule = "schedule.lock";

    /// <summary>The name of the lock of restore drills: one at a time, and what others left may be removed by its holder.</summary>
    public const string OfDrills = "drill.lock";

    /// <summary>The name of the lock of one labelled container: its backups, and restores of them, one at a time.</summary>
    public static string OfContainer(string identity) =>
        $"label-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..16]}.lock";

    private const int Attempts = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;
    private readonly string _purpose;

    private RunLock(FileStream file, string purpose, IReadOnlyList<string> diedBefore)
    {
        _file = file;
        _purpose = purpose;
        DiedBefore = diedBefore;
        Write(file, [purpose, .. diedBefore]);
    }

    /// <summary>The purposes of holders that were killed before they could release the lock, the last one first.</summary>
    public IReadOnlyList<string> DiedBefore { get; private set; }

    /// <summary>Takes the lock, if need be after a short wait: a program that has just started holds it for a moment, too.</summary>
    /// <param name="stateDirectory">Made if it is missing.</param>
    /// <param name="purpose">What for: the next one who finds it locked, or left behind, reads this.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="name">Which lock: that of runs, or another.</param>
    /// <exception cref="RunLockedException">Somebody else holds it.</exception>
    /// <exception cref="ConfigurationException">The directory cannot be written to.</exception>
    public static async Task<RunLock> TakeAsync(string stateDirectory, string purpose, CancellationToken cancellation, string name = OfRuns)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(stateDirectory);
                return Take(Path.Combine(stateDirectory, name), purpose);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException([new ConfigurationFault(
                    SettingTable.StateDirectory.Name,
                    $"{stateDirectory} cannot be written to: {failure.Message} Mount a volume there, or name another folder.{Capabilities.Ours.AdviceFor(failure)}")]);
            }
            catch (RunLockedException) when (attempt < Attempts)
            {
                await Task.Delay(Pause, cancellation);
            }
        }
    }

    private static RunLock Take(string path, string purpose)
    {
        var file = OpenFile(path, mayCreate: true);
        try
        {
            if (PosixFiles.TryLock(file.SafeFileHandle))
                return new RunLock(file, purpose, [.. Read(file).Take(MostDead)]);
            throw new RunLockedException(
                $"Another run is going on: {Read(file).FirstOrDefault("it has just begun")}. Nothing was done; try again when it has ended.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Somebody has been told of <see cref="DiedBefore"/>.</summary>
    public void ForgetTheDead()
    {
        DiedBefore = [];
        Write(_file, [_purpose]);
    }

    /// <summary>What the holder says of itself, or null if nobody holds it.</summary>
    public static string? Holder(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, OfRuns);
        if (!File.Exists(path))
            return null;
        using var file = OpenFile(path, mayCreate: false);
        return PosixFiles.TryLock(file.SafeFileHandle) ? null : Read(file).FirstOrDefault("");
    }

    /// <summary>Whether its last holder was killed, and nobody has told of that yet.</summary>
    public static bool IsLeftBehind(string stateDirectory, string name = OfRuns)
    {
        var path = Path.Combine(stateDirectory, name);
        if (!File.Exists(path))
            return false;
        using var file = OpenFile(path, mayCreate: false);
        return PosixFiles.TryLock(file.SafeFileHandle) && Read(file).Length > 0;
    }

    public void Dispose()
    {
        try
        {
            MayFail.At(Failpoint.BeforeUnlock, CancellationToken.None);
            Write(_file, DiedBefore);
        }
        catch (IOException)
        {
            // A full disk, perhaps. What the run has told is true all the same; the next one finds its name here, and its end in the history.
        }
        finally
        {
            PosixFiles.Unlock(_file.SafeFileHandle);
            _file.Dispose();
        }
    }

    private static FileStream OpenFile(string path, bool mayCreate) => new(PosixFiles.OpenShared(path, mayCreate), FileAccess.ReadWrite, bufferSize: 0);

    private static string[] Read(FileStream file)
    {
        var bytes = new byte[4096];
        file.Position = 0;
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>Cut off only after it is written: who dies in between leaves a line too much, never one too few.</summary>
    private static void Write(FileStream file, IReadOnlyList<string> lines)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
        file.Position = 0;
        file.Write(text);
        file.SetLength(text.Length);
    }
}
