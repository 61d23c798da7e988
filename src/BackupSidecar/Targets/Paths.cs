using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>What targets have in common about the places that they write to.</summary>
internal static class Paths
{
    /// <summary>Where a path leads if it is a symbolic link itself: what it points to is replaced, and the link stays.</summary>
    public static string Resolve(string path)
    {
        var trimmed = path.Length > 1 ? path.TrimEnd('/') : path;
        return Path.Exists(trimmed) ? new FileInfo(trimmed).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? trimmed : trimmed;
    }

    /// <summary>The longest part of a path that exists, to ask its file system for free space.</summary>
    public static string ExistingPart(string path)
    {
        var part = path;
        while (!Directory.Exists(part) && Path.GetDirectoryName(part) is { } parent)
            part = parent;
        return part;
    }

    /// <exception cref="RestoreException">The place is mounted read-only, or we may not write to it.</exception>
    public static void MakeStaging(Swap swap, string target)
    {
        try
        {
            swap.Prepare();
        }
        catch (PosixException error)
        {
            throw ReadOnly(target, error);
        }
    }

    /// <summary>
    /// A target inside a directory that was just restored was unpacked at the top of that directory, because everything else
    /// in it has been exchanged meanwhile. Now its own place is there.
    /// </summary>
    public static void BringToPlace(Swap unpacked, Swap place)
    {
        if (unpacked == place)
            return;
        Directory.CreateDirectory(place.Parent);
        if (place.Staging != unpacked.Staging)
            place.Prepare();
    }

    /// <exception cref="RestoreException">It cannot be made.</exception>
    public static void MakePrivate(string folder)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder) ?? "/");
            Posix.MakePrivateDirectory(new RawPath(folder));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw ReadOnly(folder, error);
        }
    }

    public static RestoreException ReadOnly(string target, Exception cause) =>
        new($"{target} cannot be written to ({cause.Message}). If it is mounted read-only, mount it read-write for the restore.{Capabilities.Ours.AdviceForRestore(cause)} Nothing was touched.", cause);
}
