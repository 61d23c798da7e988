using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Stores.Local;

/// <summary>
/// Tells the folder that backups were stored in from another one in its place, above all from the empty mount point of a volume that
/// is not mounted: a small file with an ID lies in it, and a note of that in the state directory. Where there is a note and no mark that
/// fits, nothing is written, until a person removes the note. Without a note, whatever is there is taken.
/// </summary>
/// <param name="folder">The folder with the objects of one backup name.</param>
/// <param name="stateDirectory">Where the note is.</param>
/// <param name="log">Told of what does no harm yet.</param>
internal sealed class FolderMark(string folder, string stateDirectory, ILogger log)
{
    private const string Words = "backup-sidecar keeps backups in this folder, and knows it by this file. Leave it here.";

    /// <summary>No secret, and whoever may look at the folder may know it.</summary>
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Nothing is written here, either.</summary>
    /// <exception cref="StoreException">It is not the folder that was used before, or that cannot be told.</exception>
    public void RequireForWriting()
    {
        if (FindProblem() is { } problem)
            throw new StoreException(problem);
    }

    /// <summary>What is there may be read whatever folder it is, because somebody may need it. That nothing is there would be a lie.</summary>
    /// <exception cref="StoreException">It is empty and not the folder that was used before, or that cannot be told.</exception>
    public void RequireForReading(bool isEmpty)
    {
        if (FindProblem() is not { } problem)
            return;
        if (isEmpty)
            throw new StoreException(problem);
        log.LogWarning("{Problem}", problem);
    }

    /// <summary>Marks the folder and notes that, after something was stored in it. What stands in the way costs no backup.</summary>
    /// <param name="latest">The name of what was stored.</param>
    public void Leave(string latest)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(NotePath)!); // It is below the state directory.
            using var alone = PosixFiles.OpenShared(Path.Combine(stateDirectory, "stores.lock"), mayCreate: true);
            // Somebody else does so at this moment, with another backup of the same folder.
            if (!PosixFiles.TryLock(alone))
                return;
            var id = ReadId(MarkPath);
            if (id is null)
            {
                id = ReadNote()?.Id ?? Guid.NewGuid();
                DurableFile.WriteAtomically(MarkPath, Encoding.UTF8.GetBytes($"{id:N}\n{Words}\n"), ReadableByAll);
            }
            DurableFile.WriteAtomically(NotePath, Encoding.UTF8.GetBytes($"{id:N}\n{latest}\n{folder}\n"));
        }
        catch (Exception failure) when (LocalFailures.IsRefusal(failure))
        {
            log.LogWarning("{Folder} could not be marked, so nobody will notice if it is not mounted one day: {Problem}", folder, failure.Message);
        }
    }

    private string MarkPath => Path.Combine(folder, OwnNames.StoreMark);

    private string NotePath => Path.Combine(
        stateDirectory, "stores", $"local-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..8]}");

    private string? FindProblem()
    {
        try
        {
            return Problem();
        }
        catch (Exception failure) when (LocalFailures.IsRefusal(failure))
        {
            return LocalFailures.Describe($"find out whether {folder} is the folder that was used before", failure).Message;
        }
    }

    private string? Problem()
    {
        if (ReadNote() is not { } note)
            return null;
        var id = ReadId(MarkPath);
        if (id == note.Id)
            return null;
        // Who copies backups to a larger disk leaves hidden files behind. What was stored last is in no other folder.
        if (id is null && File.Exists(Path.Combine(folder, note.Latest)))
        {
            log.LogWarning("{Folder} has lost its mark ({Mark}). It holds {Latest}, so it is the right folder; the next backup marks it again.", folder, OwnNames.StoreMark, note.Latest);
            return null;
        }
        var state = id is not null ? "bears the mark of another folder now: is the right volume mounted?"
            : IsEmpty() ? "is empty now: is its volume mounted?"
            : $"has no mark ({OwnNames.StoreMark}) now: is the right volume mounted?";
        return $"{folder} was used before and {state} Nothing is stored there meanwhile. If it was moved, emptied or exchanged on purpose, remove {NotePath}: then the next backup takes it as it is.";
    }

    private bool IsEmpty() => !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any();

    private (Guid Id, string Latest)? ReadNote() =>
        Lines(NotePath) is [var id, var latest, ..] && Guid.TryParseExact(id, "N", out var parsed) ? (parsed, latest) : null;

    /// <summary>Null where there is none, or something else has its name.</summary>
    private static Guid? ReadId(string path) =>
        Lines(path) is [var first, ..] && Guid.TryParseExact(first, "N", out var id) ? id : null;

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllText(path).Split('\n') : [];
}
