using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;
using BackupSidecar.Tests.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Tests.Runs;

public sealed class StoredUploadTests
{
    private static readonly ArchiveName Name = new("app", new DateTime(2026, 11, 20, 3, 0, 0), ".tar.gz");

    [Fact]
    public async Task An_archive_whose_manifest_finds_no_room_does_not_stay_and_fill_the_disk()
    {
        using var small = new SmallFileSystem();
        using var store = new LocalStore(small.Path, Name.BackupName, TimeProvider.System);
        using var spool = SealedSpool(store, SmallFileSystem.Size);

        var upload = Begin(store, spool, Task.FromResult(new byte[100]), TestContext.Current.CancellationToken);
        await upload.Ended;

        Assert.False(upload.IsCommitted);
        Assert.Contains("manifest", upload.Problem, StringComparison.Ordinal);
        Assert.Contains("no space is left", upload.Problem, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(store.Folder));
    }

    [Fact]
    public async Task An_archive_of_a_run_that_is_cancelled_before_its_manifest_does_not_stay()
    {
        var root = Directory.CreateTempSubdirectory("stored-upload-");
        using var store = new LocalStore(root.FullName, Name.BackupName, TimeProvider.System);
        using var spool = SealedSpool(store, 100);
        var manifest = new TaskCompletionSource<byte[]>();

        var upload = Begin(store, spool, manifest.Task, TestContext.Current.CancellationToken);
        manifest.SetCanceled(TestContext.Current.CancellationToken);
        await upload.Ended;

        Assert.False(upload.IsCommitted);
        Assert.Empty(Directory.GetFileSystemEntries(store.Folder));
        root.Delete(recursive: true);
    }

    [Fact]
    public async Task An_archive_whose_manifest_belongs_to_another_run_is_left_alone()
    {
        var root = Directory.CreateTempSubdirectory("stored-upload-");
        using var store = new LocalStore(root.FullName, Name.BackupName, TimeProvider.System);
        using var spool = SealedSpool(store, 100);
        await store.PutAsync(Name.ManifestFileName, new byte[] { 1 }, TestContext.Current.CancellationToken);

        var upload = Begin(store, spool, Task.FromResult(new byte[100]), TestContext.Current.CancellationToken);
        await upload.Ended;

        Assert.False(upload.IsCommitted);
        Assert.Equal(2, Directory.GetFiles(store.Folder).Length);
        root.Delete(recursive: true);
    }

    [Fact]
    public async Task An_archive_whose_manifest_is_there_counts_although_the_store_said_that_it_failed()
    {
        var root = Directory.CreateTempSubdirectory("stored-upload-");
        using var local = new LocalStore(root.FullName, Name.BackupName, TimeProvider.System);
        using var store = new FaultyStore(local) { AfterPut = () => throw new StoreException("the folder could not be flushed") };
        using var spool = SealedSpool(local, 100);

        var upload = Begin(store, spool, Task.FromResult(new byte[100]), TestContext.Current.CancellationToken);
        await upload.Ended;

        Assert.Null(upload.ToReport().Problem);
        Assert.True(upload.IsCommitted);
        Assert.Equal(2, Directory.GetFiles(local.Folder).Length);
        root.Delete(recursive: true);
    }

    private static Spool SealedSpool(LocalStore store, int bytes)
    {
        Directory.CreateDirectory(store.Folder);
        var spool = new Spool(store.Folder, PartialFile.NameFor(Name.FileName), fallbackDirectory: null);
        spool.Writer.Write(new byte[bytes]);
        spool.Seal();
        return spool;
    }

    private static StoredUpload Begin(IBackupStore store, Spool spool, Task<byte[]> manifest, CancellationToken cancellation) =>
        StoredUpload.Begin(store, Name, spool, manifest, VerifyAfter.Auto, NullLogger.Instance, cancellation);
}
