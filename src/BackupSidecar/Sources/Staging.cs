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

    // A directory with other files and no lock is none of our making, or somebody took the lock away.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    /// <summary>Who does not hold the run lock leaves alone what may just be coming into being.</summary>
    private static readonly TimeSpan BirthTime = TimeSpan.FromMinutes(1);

    private const int MostTries = 20;

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
            return new Staging(directory, Make(directory), limit);
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

    /// <summary>Makes the directory, and in it the lock.</summary>
    private static SafeFileHandle Make(string directory)
    {
        for (var tries = 1; ; tries++)
        {
            System.IO.Directory.CreateDirectory(directory, Private);
            try
            {
                return TryLock(directory, FileMode.CreateNew) ?? throw new IOException($"{directory} is locked by another run.");
            }
            catch (IOException) when (tries < MostTries)
            {
                // Another run has just taken it for what a killed one left, because it had no lock yet, and removes it.
                Thread.Sleep(tries);
            }
        }
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
        // In one look: what is not there has a time as well, and a very old one.
        var found = new DirectoryInfo(directory);
        var isOld = found.Exists && now.UtcDateTime - found.LastWriteTimeUtc > LeftoverAge;
        if (heldLock is not null || (isOld && !File.Exists(Path.Combine(directory, LockName))))
            RemoveDead(directory);
        else if (!System.IO.Directory.EnumerateFileSystemEntries(directory).Any())
            RemoveEmpty(directory);
    }

    /// <summary>Under another name first: a run that was just about to lock it makes it anew, and must not do so while it is being emptied.</summary>
    private static void RemoveDead(string directory)
    {
        var dead = Path.Combine(Path.GetDirectoryName(directory)!, OwnNames.Staging + Guid.NewGuid().ToString("N")); // It has a parent.
        System.IO.Directory.Move(directory, dead);
        System.IO.Directory.Delete(dead, recursive: true);
    }

    /// <summary>Its run died before it made the lock. One that is alive makes it anew.</summary>
    private static void RemoveEmpty(string directory)
    {
        try
        {
            System.IO.Directory.Delete(directory);
        }
        catch (IOException)
        {
            // It has its lock by now, or is gone.
        }
    }

    /// <summary>Null if another run holds the lock, or there is no lock file to open.</summary>
    private static SafeFileHandle? TryLock(string directory, FileMode mode)
    {
        var path = Path.Combine(directory, LockName);
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (mode == FileMode.Open)
        {
            return null;
        }
        // Locked once more by hand: the runtime's own lock can be switched off by a variable.
        // Whoever had it before may have removed it with its directory.
        if (PosixFiles.TryLock(file) && File.Exists(path))
            return file;
        file.Dispose();
        return null;
    }
}
