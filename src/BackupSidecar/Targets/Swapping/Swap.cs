using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Swapping;

/// <summary>
/// Puts new things into a directory in place of old ones, by renames inside that directory, so that it works for volumes and
/// bind mounts. Until <see cref="Commit"/> everything can be taken back, also by a later process: what is on disk says
/// how far it came.
/// </summary>
/// <remarks>
/// On disk, for the run ID: <c>.backup-sidecar-restore-ID/.backup-sidecar-new</c> holds what comes in (a name that no source has), <c>…/was</c> the directory's own attributes,
/// <c>…/incoming</c> the names that come in (it exists once everything old is aside), and <c>.backup-sidecar-old-ID</c> what
/// went out. Renaming the latter to <c>.backup-sidecar-done-ID</c> is the commit.
/// </remarks>
internal sealed class Swap(string directory, string id)
{
    private readonly RawPath _directory = new(directory);

    public string Id => id;

    public string Parent => directory;

    public string Staging { get; } = Path.Combine(directory, OwnNames.Restore + id);

    /// <summary>Where the new things stand before they come in; the caller fills it.</summary>
    public string New => Path.Combine(Staging, OwnNames.Prefix + "new");

    /// <summary>What is not needed any more once the new state stays; removed by <see cref="DiscardAsync"/>.</summary>
    public string Done => Path.Combine(directory, OwnNames.Done + id);

    private string Was => Path.Combine(Staging, "was");

    private string Incoming => Path.Combine(Staging, "incoming");

    private string Old => Path.Combine(directory, OwnNames.Old + id);

    /// <summary>Makes the staging folder.</summary>
    /// <exception cref="PosixException">The directory cannot be written to.</exception>
    public void Prepare() => Tree.KeepingTime(_directory, () => Posix.MakePrivateDirectory(new RawPath(Staging)));

    /// <summary>Everything but the <paramref name="kept"/> goes out, everything new comes in, and the directory gets the attributes of the new one.</summary>
    public void ExchangeAll(IReadOnlySet<RawName> kept)
    {
        Posix.MakePrivateDirectory(new RawPath(Was));
        DirectoryAttributes.Copy(_directory, new RawPath(Was));
        MayFail.At(Failpoint.SwapBegun, CancellationToken.None);
        PutAside([.. Posix.List(_directory).Where(name => !IsOurs(name) && !kept.Contains(name))], Posix.Rename);
        Tree.KeepingTime(new RawPath(New), () => BringIn([.. Posix.List(new RawPath(New)).Where(name => !kept.Contains(name))]));
        DirectoryAttributes.Copy(new RawPath(New), _directory);
        Posix.SyncFileSystem(_directory);
        MayFail.At(Failpoint.SwapExchanged, CancellationToken.None);
    }

    /// <summary>
    /// One file is replaced, without a moment in which there is none; its <paramref name="companions"/> go out.
    /// </summary>
    public void ExchangeFile(RawName file, IReadOnlyList<RawName> companions)
    {
        PutAside([.. companions.Where(name => Posix.Find(_directory.Child(name)) is not null)], Posix.Rename);
        if (Posix.Find(_directory.Child(file)) is { } existing)
            PutAside([file], existing.IsDirectory ? Posix.Rename : LinkOrRename);
        BringIn([file]);
        Posix.SyncFileSystem(_directory);
    }

    /// <summary>
    /// Puts back what was there before, also after a commit, as long as nothing was discarded. Does nothing where nothing went
    /// out; may be called again after a crash in it.
    /// </summary>
    public async Task RollBackAsync()
    {
        if (Directory.Exists(Done) && !Directory.Exists(Old))
            Posix.Rename(new RawPath(Done), new RawPath(Old));
        if (Directory.Exists(Old))
        {
            SendBack();
            foreach (var name in Posix.List(new RawPath(Old)))
                PutBack(name);
            if (Directory.Exists(Was))
                DirectoryAttributes.Copy(new RawPath(Was), _directory);
            Posix.SyncFileSystem(_directory);
            await Tree.RemoveAsync(Old);
        }
        await Tree.RemoveAsync(Staging);
    }

    /// <summary>From here on the new state stays. The old one waits for <see cref="DiscardAsync"/>.</summary>
    public void Commit()
    {
        if (Directory.Exists(Old))
        {
            Tree.KeepingTime(_directory, () => Posix.Rename(new RawPath(Old), new RawPath(Done)));
            Posix.SyncFileSystem(_directory);
        }
    }

    /// <summary>
    /// Removes what is not needed any more. While old things stand aside, nothing is: then the staging folder tells a later
    /// rollback how far things came.
    /// </summary>
    public async Task DiscardAsync()
    {
        if (Directory.Exists(Old))
            return;
        MayFail.At(Failpoint.BeforeDiscard, CancellationToken.None);
        await Tree.RemoveAsync(Staging);
        await Tree.RemoveAsync(Done);
        MayFail.At(Failpoint.AfterDiscard, CancellationToken.None);
    }

    private void PutAside(IReadOnlyList<RawName> names, Action<RawPath, RawPath> move)
    {
        var old = new RawPath(Old);
        if (Posix.Find(old) is null)
            Posix.MakePrivateDirectory(old);
        foreach (var name in names)
        {
            move(_directory.Child(name), old.Child(name));
            MayFail.At(Failpoint.SwapOldAside, CancellationToken.None);
        }
    }

    private void BringIn(IReadOnlyList<RawName> names)
    {
        // The list must be on the disk, whole, before the first name comes in: it tells a rollback what is new.
        File.WriteAllBytes(Incoming + ".partial", [.. names.SelectMany(name => name.Bytes.Append((byte)0))]);
        Posix.SyncFileSystem(_directory);
        File.Move(Incoming + ".partial", Incoming);
        MayFail.At(Failpoint.SwapListed, CancellationToken.None);
        foreach (var name in names)
        {
            Posix.Rename(new RawPath(New).Child(name), _directory.Child(name));
            MayFail.At(Failpoint.SwapNewIn, CancellationToken.None);
        }
    }

    private void SendBack()
    {
        if (!File.Exists(Incoming))
            return;
        foreach (var name in ReadIncoming())
        {
            var came = Posix.Find(new RawPath(New).Child(name)) is null && Posix.Find(_directory.Child(name)) is not null;
            if (came)
                Posix.Rename(_directory.Child(name), new RawPath(New).Child(name));
        }
        // Once it is gone, what stands in the directory counts as old again.
        Posix.SyncFileSystem(_directory);
        File.Delete(Incoming);
    }

    private void PutBack(RawName name)
    {
        try
        {
            Posix.Rename(new RawPath(Old).Child(name), _directory.Child(name));
        }
        catch (PosixException error)
        {
            throw new IOException(
                $"{error.Message}. What was there before the restore stands in {Old}. Mount the directory read-write, move away what is in the way, and start again.", error);
        }
    }

    private List<RawName> ReadIncoming() =>
        [.. Encoding.Latin1.GetString(File.ReadAllBytes(Incoming)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => RawName.FromLatin1(name))];

    private static void LinkOrRename(RawPath from, RawPath to)
    {
        try
        {
            Posix.HardLink(from, to);
        }
        catch (PosixException)
        {
            // File systems without hard links: then there is a moment without the file.
            Posix.Rename(from, to);
        }
    }

    /// <summary>Whether a name in a target is one of ours, which are neither backed up nor exchanged.</summary>
    private static bool IsOurs(RawName name) => name.StartsWith(OwnNames.Prefix);
}
