using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;

namespace BackupSidecar.Tests.Stores;

/// <summary>The local store with a spool that lies elsewhere and is copied.</summary>
public class LocalStoreContractTests : StoreContract
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("stores-local-");

    private protected override Task<IBackupStore> OpenAsync(string backupName) =>
        Task.FromResult<IBackupStore>(new LocalStore(_root.FullName, backupName, TimeProvider.System));

    private protected override Task AssertNothingUnfinishedAsync()
    {
        Assert.Empty(_root.EnumerateFiles(".*", SearchOption.AllDirectories));
        return Task.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _root.Delete(recursive: true);
        base.Dispose(disposing);
    }
}

/// <summary>The local store with a spool that lies in its own folder and is renamed.</summary>
public sealed class LocalStoreAdoptionContractTests : LocalStoreContractTests
{
    private protected override string SpoolFolderFor(IBackupStore store) =>
        Directory.CreateDirectory(((LocalStore)store).Folder).FullName;
}
