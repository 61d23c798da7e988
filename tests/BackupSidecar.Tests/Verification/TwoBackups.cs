using BackupSidecar.Planning;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Verification;

/// <summary>Two whole backups of one directory, each in both stores. They are made once; each test gets a copy to spoil.</summary>
public sealed class TwoBackups : IAsyncLifetime
{
    private readonly RestoreScene _scene = new();

    internal ArchiveName Older { get; private set; } = null!; // Made in InitializeAsync, as the other one.

    internal ArchiveName Newer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("head -c 100000 /dev/urandom > data/a; seq 1000 > data/b");
        Older = await _scene.BackUpAsync(_scene.Local, _scene.Far);
        _scene.Folder.Shell("seq 2000 > data/b");
        Newer = await _scene.BackUpAsync(_scene.Local, _scene.Far);
    }

    public ValueTask DisposeAsync()
    {
        _scene.Dispose();
        return ValueTask.CompletedTask;
    }

    internal RestoreScene Copy()
    {
        var copy = new RestoreScene();
        copy.Folder.Shell($"cp -a '{_scene.Folder["store"]}' '{_scene.Folder["far"]}' .");
        return copy;
    }
}
