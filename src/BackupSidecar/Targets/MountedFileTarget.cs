using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Targets;

/// <summary>
/// A file that is itself a mount point, as Compose makes of <c>./app.cfg:/app.cfg</c>. Nothing can be renamed over it, so its
/// content is overwritten in place; the old content is kept in staging until all is done, with the name of its place, so
/// that the next start can put it back if we are killed.
/// </summary>
internal sealed class MountedFileTarget(RestoreStep step, string path, string staging) : IRestoreTarget
{
    private const string Before = ".before";
    private const string PlaceFile = ".place";

    private readonly string _new = Path.Combine(staging, step.Source.Entry);
    private readonly string _old = Path.Combine(staging, Before);
    private readonly string _place = Path.Combine(staging, PlaceFile);
    private byte[] _placeText = [];
    private bool _isCommitted;

    public RestoreStep Step { get; } = step;

    public string Place => Paths.ExistingPart(staging);

    public Task CheckAsync(CancellationToken cancellation)
    {
        Paths.MakePrivate(staging);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Paths.ReadOnly(path, error);
        }
        return Task.CompletedTask;
    }

    public IExtraction Extract(bool isTrusted) => Extractions.Start(Step.Source, staging, isTrusted, mayLoseOwners: true);

    /// <summary>Puts back what killed restores have overwritten, from what they kept in <paramref name="stagingDirectory"/>.</summary>
    public static void Recover(string stagingDirectory, ILogger log)
    {
        if (!Directory.Exists(stagingDirectory))
            return;
        foreach (var staging in Directory.EnumerateDirectories(stagingDirectory, OwnNames.Restore + "*").Where(folder => File.Exists(Path.Combine(folder, PlaceFile))))
        {
            log.LogWarning("A restore was interrupted: putting back what was there before it, from {Folder}", staging);
            PutBack(staging);
        }
    }

    public Task ApplyAsync(CancellationToken cancellation)
    {
        File.Copy(path, _old);
        var companions = SqliteFile.Is(_new) ? SqliteFile.Companions(path).Select(name => name.ToString()).Where(File.Exists).ToList() : [];
        foreach (var companion in companions)
            File.Copy(companion, Kept(staging, companion), overwrite: true);
        Posix.SyncFileSystem(new RawPath(staging));
        _placeText = Encoding.UTF8.GetBytes(string.Join('\0', companions.Prepend(path)));
        DurableFile.WriteAtomically(_place, _placeText);
        foreach (var companion in companions)
            File.Delete(companion);
        Overwrite(path, _new);
        return Task.CompletedTask;
    }

    public Task RollBackAsync()
    {
        if (_isCommitted)
            DurableFile.WriteAtomically(_place, _placeText);
        if (File.Exists(_place))
            PutBack(staging);
        _isCommitted = false;
        return Task.CompletedTask;
    }

    public Task CommitAsync()
    {
        DurableFile.Delete(_place);
        _isCommitted = true;
        return Task.CompletedTask;
    }

    /// <summary>What could not be put back stays in staging, for the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!File.Exists(_place))
            await Tree.RemoveAsync(staging);
    }

    private static void PutBack(string staging)
    {
        var place = Path.Combine(staging, PlaceFile);
        var names = File.ReadAllText(place).Split('\0');
        Overwrite(names[0], Path.Combine(staging, Before));
        foreach (var companion in names[1..])
            File.Copy(Kept(staging, companion), companion, overwrite: true);
        DurableFile.Delete(place);
    }

    private static string Kept(string staging, string companion) => Path.Combine(staging, ".before-" + Path.GetFileName(companion));

    private static void Overwrite(string path, string from)
    {
        using var source = File.OpenRead(from);
        using var target = new FileStream(path, FileMode.Truncate, FileAccess.Write);
        source.CopyTo(target);
        target.Flush(flushToDisk: true);
    }
}
