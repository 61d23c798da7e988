using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Swapping;

/// <summary>
/// Lays a tree over a directory: what is new comes in, what has the same name is replaced, everything else stays. What was
/// replaced is kept beside until <see cref="Commit"/>, and <see cref="RollBackAsync"/> undoes every step in reverse.
/// Symbolic links in the directory are never followed.
/// </summary>
internal sealed class Overlay(string directory, string id)
{
    private readonly Swap _swap = new(directory, id);
    private readonly string _replaced = Path.Combine(directory, OwnNames.Replaced + id);
    private readonly Stack<Action> _undo = new();
    private int _count;

    public void Apply()
    {
        Tree.KeepingTime(new RawPath(directory), () => Posix.MakePrivateDirectory(new RawPath(_replaced)));
        Lay(new RawPath(_swap.New), new RawPath(directory));
        Posix.SyncFileSystem(new RawPath(directory));
    }

    public async Task RollBackAsync()
    {
        if (Directory.Exists(_swap.Done) && !Directory.Exists(_replaced))
            Posix.Rename(new RawPath(_swap.Done), new RawPath(_replaced));
        while (_undo.TryPop(out var undo))
            undo();
        await Tree.RemoveAsync(_replaced);
    }

    /// <summary>The new state stays. What it replaced goes with the swap's own leftovers.</summary>
    public void Commit()
    {
        if (Directory.Exists(_replaced))
            Tree.KeepingTime(new RawPath(directory), () => Posix.Rename(new RawPath(_replaced), new RawPath(_swap.Done)));
    }

    private void Lay(RawPath from, RawPath over)
    {
        // Undone last, because undoing the moves in the directory changes its time.
        var before = NextReplaced();
        Posix.MakePrivateDirectory(before);
        DirectoryAttributes.Copy(over, before);
        _undo.Push(() => DirectoryAttributes.Copy(before, over));
        Tree.KeepingTime(from, () =>
        {
            foreach (var name in Posix.List(from))
                Lay(name, from, over);
        });
        DirectoryAttributes.Copy(from, over);
    }

    private void Lay(RawName name, RawPath from, RawPath over)
    {
        var (source, target) = (from.Child(name), over.Child(name));
        var existing = Posix.Find(target);
        if (existing is { IsDirectory: true } && Posix.Find(source) is { IsDirectory: true })
        {
            Lay(source, target);
            return;
        }
        if (existing is not null)
            Move(target, NextReplaced());
        Move(source, target);
    }

    private void Move(RawPath from, RawPath to)
    {
        Posix.Rename(from, to);
        _undo.Push(() => Posix.Rename(to, from));
    }

    private RawPath NextReplaced() => new RawPath(_replaced).Child($"{++_count}");
}
