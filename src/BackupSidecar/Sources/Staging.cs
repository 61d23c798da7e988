using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Sources;

/// <summary>
/// The private directory of one run, in which dumps wait for their turn. Only we can read it, it goes when it is disposed,
/// and what a killed run left is removed by the next one that holds the run lock. A lock file in it says that its run is alive.
/// </summary>
internal sealed class Staging : IDisposable
{
    private const string LockName = "lock";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // A directory without a lock file belongs to a run that begins right now, or to one that died at that moment.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    /// <summary>Who does not hold the run lock leaves alone what may just be coming into being.</summary>
    private static readonly TimeSpan BirthTime = TimeSpan.FromMinutes(1);

    private readonly SafeFileHandle _lock;
    private int _files;

    private Staging(string directory, SafeFileHandle heldLock, long? limit) =>
        (Directory, _lock, Space) = (directory, heldLock, new StagingSpace(directory, limit));

    public string Directory { get; }

    public StagingSpace Space { get; }

    /// <summary>Makes a directory in <paramref name="parent"/>.</summary>
    /// <param name="parent">The folder of all runs; made if it is not there.</param>
    /// <param name="runId">Whose directory it is.</param>
    /// <param name="sweepAt">
    /// When given, what killed runs left is removed first. Only for whoever holds the run lock: another backup, which would just
    /// be making its directory, cannot be told from a dead one.
    /// </param>
    /// <param name="limit">The most bytes that dumps may take; null for what is free.</param>
    /// <exception cref="ConfigurationException">The parent cannot be used.</exception>
    public static Staging Create(string parent, Guid runId, DateTimeOffset? sweepAt = null, long? limit = null)
    {
        try
        {
            System.IO.Directory.CreateDirectory(parent, Private);
            if (sweepAt is { } now)
                Sweep(parent, now, TimeSpan.Zero);
            var directory = Path.Combine(parent, OwnNames.Staging + runId.ToString("N"));
            System.IO.Directory.CreateDirectory(directory, Private);
            var heldLock = TryLock(directory, FileMode.CreateNew) ?? throw new IOException($"{directory} is locked by another run.");
            return new Staging(directory, heldLock, limit);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                [new ConfigurationFault("BACKUP_STAGING_DIR", $"{parent} cannot be used: {error.Message} Mount a writable volume there, or name another folder.{Capabilities.Ours.AdviceFor(error)}")]);
        }
    }

    /// <summary>Removes what killed runs left, for somebody who does not hold the run lock.</summary>
    public static void SweepOld(string parent, DateTimeOffset now)
    {
        if (System.IO.Directory.Exists(parent))
            Sweep(parent, now, BirthTime);
    }

    /// <summary>A path in it that nobody uses yet.</summary>
    public string NewPath() => Path.Combine(Directory, $"file-{Interlocked.Increment(ref _files)}");

    public void Dispose()
    {
        // Removed while the lock is held: a run that begins now must not start to remove it as well.
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
        _lock.Dispose();
    }

    private static void Sweep(string parent, DateTimeOffset now, TimeSpan youngest)
    {
        foreach (var directory in System.IO.Directory.EnumerateDirectories(parent, OwnNames.Staging + "*"))
        {
            if (!Guid.TryParseExact(Path.GetFileName(directory)[OwnNames.Staging.Length..], "N", out _))
                continue;
            try
            {
                if (youngest == TimeSpan.Zero || now.UtcDateTime - System.IO.Directory.GetLastWriteTimeUtc(directory) >= youngest)
                    RemoveIfDead(directory, now);
            }
            catch (DirectoryNotFoundException)
            {
                // A verification, which runs without the run lock, has just removed its own.
            }
        }
    }

    private static void RemoveIfDead(string directory, DateTimeOffset now)
    {
        using var heldLock = TryLock(directory, FileMode.Open);
        var isOld = now.UtcDateTime - System.IO.Directory.GetLastWriteTimeUtc(directory) > LeftoverAge;
        if (heldLock is not null || (isOld && !File.Exists(Path.Combine(directory, LockName))))
            System.IO.Directory.Delete(directory, recursive: true);
    }

    /// <summary>Null if another run holds the lock, or there is no lock file to open.</summary>
    private static SafeFileHandle? TryLock(string directory, FileMode mode)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(Path.Combine(directory, LockName), mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (mode == FileMode.Open)
        {
            return null;
        }
        // Locked once more by hand: the runtime's own lock can be switched off by a variable.
        if (PosixFiles.TryLock(file))
            return file;
        file.Dispose();
        return null;
    }
}
