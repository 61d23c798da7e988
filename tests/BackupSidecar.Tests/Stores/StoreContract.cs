using System.Security.Cryptography;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Stores;

/// <summary>What every store promises. A new store inherits this suite and says how it is opened.</summary>
public abstract class StoreContract : IDisposable
{
    /// <summary>The size of a part where the store cuts what it sends; the smallest that S3 servers take.</summary>
    protected const int PartSize = 5 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _staging = Directory.CreateTempSubdirectory("stores-staging-");

    protected string BackupName { get; } = $"app{Guid.NewGuid():N}"[..12];

    protected string ArchiveName => $"{BackupName}-2026-11-20-030000.tar.gz.gpg";

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_put_can_be_found_listed_read_and_removed()
    {
        using var store = await OpenAsync(BackupName);
        var before = DateTimeOffset.UtcNow.AddMinutes(-1);

        await store.PutAsync(ArchiveName, "content"u8.ToArray(), Token);

        var found = await store.FindAsync(ArchiveName, Token);
        Assert.Equal((ArchiveName, 7L), (found?.Name, found?.Bytes));
        Assert.InRange(found!.WrittenAt, before, before.AddMinutes(10));
        Assert.Equal([(ArchiveName, 7L)], (await ListAsync(store)).Select(one => (one.Name, one.Bytes)));
        Assert.Equal("content"u8.ToArray(), await ReadAsync(store, ArchiveName));

        await store.DeleteAsync(ArchiveName, Token);

        Assert.Null(await store.FindAsync(ArchiveName, Token));
        Assert.Empty(await ListAsync(store));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_cannot_be_read_and_counts_as_removed()
    {
        using var store = await OpenAsync(BackupName);

        Assert.Null(await store.FindAsync(ArchiveName, Token));
        Assert.Empty(await ListAsync(store));
        await Assert.ThrowsAsync<StoreException>(() => store.OpenReadAsync(ArchiveName, Token));
        await store.DeleteAsync(ArchiveName, Token);
    }

    [Fact]
    public async Task A_part_of_an_object_can_be_read_and_what_is_not_there_cannot()
    {
        using var store = await OpenAsync(BackupName);
        var content = Content(100_000);
        await store.PutAsync(ArchiveName, content, Token);
        var part = new byte[1000];

        foreach (var offset in new[] { 0, 1, 50_000, 99_000 })
        {
            await store.ReadAsync(ArchiveName, offset, part, Token);
            Assert.Equal(content[offset..(offset + part.Length)], part);
        }
        await Assert.ThrowsAnyAsync<StoreException>(() => store.ReadAsync(ArchiveName, 99_001, part, Token));
        await Assert.ThrowsAnyAsync<StoreException>(() => store.ReadAsync(ArchiveName, 200_000, part, Token));
        await Assert.ThrowsAnyAsync<StoreException>(() => store.ReadAsync(ArchiveName + "x", 0, part, Token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(PartSize - 1)]
    [InlineData(PartSize)]
    [InlineData(PartSize + 1)]
    [InlineData(2 * PartSize)]
    [InlineData((6 * PartSize) + 7)]
    public async Task An_upload_of_any_size_is_stored_byte_for_byte(int size)
    {
        using var store = await OpenAsync(BackupName);
        using var spool = NewSpool(store);
        spool.Writer.Write(Content(size));
        spool.Seal();

        await store.UploadAsync(ArchiveName, spool, Token);

        await AssertHoldsAsync(store, Content(size));
        await AssertNothingUnfinishedAsync();
    }

    [Fact]
    public async Task An_upload_follows_the_spool_while_it_grows()
    {
        using var store = await OpenAsync(BackupName);
        using var spool = NewSpool(store);
        var content = Content((3 * PartSize) + 12345);

        var upload = store.UploadAsync(ArchiveName, spool, Token);
        for (var written = 0; written < content.Length; written += 1 << 16)
        {
            spool.Writer.Write(content.AsSpan(written, Math.Min(1 << 16, content.Length - written)));
            await Task.Yield();
        }
        Assert.False(upload.IsCompleted);
        Assert.Empty(await ListAsync(store));
        spool.Seal();
        await upload.WaitAsync(Patience, Token);

        await AssertHoldsAsync(store, content);
    }

    [Fact]
    public async Task Nothing_is_ever_overwritten()
    {
        using var store = await OpenAsync(BackupName);
        await store.PutAsync(ArchiveName, "first"u8.ToArray(), Token);

        await Assert.ThrowsAsync<StoreNameTakenException>(() => store.PutAsync(ArchiveName, "second"u8.ToArray(), Token));
        foreach (var size in new[] { 5, (2 * PartSize) + 1 })
        {
            using var spool = NewSpool(store);
            spool.Writer.Write(Content(size));
            spool.Seal();
            await Assert.ThrowsAsync<StoreNameTakenException>(() => store.UploadAsync(ArchiveName, spool, Token));
        }

        Assert.Equal("first"u8.ToArray(), await ReadAsync(store, ArchiveName));
        await AssertNothingUnfinishedAsync();
    }

    [Theory]
    [InlineData(10)]
    [InlineData((3 * PartSize) + 5)]
    public async Task Nothing_stays_when_the_name_is_taken_during_the_upload(int size)
    {
        using var store = await OpenAsync(BackupName);
        var spool = NewSpool(store);
        var upload = store.UploadAsync(ArchiveName, spool, Token);
        spool.Writer.Write(Content(size));

        using (var other = await OpenAsync(BackupName))
            await other.PutAsync(ArchiveName, "first"u8.ToArray(), Token);
        spool.Seal();

        await Assert.ThrowsAsync<StoreNameTakenException>(() => upload.WaitAsync(Patience, Token));
        spool.Dispose();
        Assert.Equal("first"u8.ToArray(), await ReadAsync(store, ArchiveName));
        await AssertNothingUnfinishedAsync();
    }

    [Theory]
    [InlineData(10)]
    [InlineData((3 * PartSize) + 5)]
    public async Task Nothing_stays_when_the_spool_fails(int size)
    {
        using var store = await OpenAsync(BackupName);
        var spool = NewSpool(store);
        var upload = store.UploadAsync(ArchiveName, spool, Token);
        spool.Writer.Write(Content(size));

        spool.Fail(new InvalidDataException("tar ended early"));

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => upload.WaitAsync(Patience, Token));
        Assert.Equal("tar ended early", failure.Message);
        spool.Dispose();
        Assert.Empty(await ListAsync(store));
        await AssertNothingUnfinishedAsync();
    }

    [Theory]
    [InlineData(10)]
    [InlineData((3 * PartSize) + 5)]
    public async Task Nothing_stays_when_the_upload_is_cancelled(int size)
    {
        using var store = await OpenAsync(BackupName);
        var spool = NewSpool(store);
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var upload = store.UploadAsync(ArchiveName, spool, cancelling.Token);
        spool.Writer.Write(Content(size));

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upload.WaitAsync(Patience, Token));
        spool.Dispose();
        Assert.Empty(await ListAsync(store));
        await AssertNothingUnfinishedAsync();
    }

    [Fact]
    public async Task A_list_is_whole_however_long_it_is()
    {
        using var store = await OpenAsync(BackupName);
        var names = Enumerable.Range(0, 1100).Select(i => $"{BackupName}-{i:0000}").ToList();

        await Parallel.ForEachAsync(names, Token, async (name, cancellation) => await store.PutAsync(name, new byte[] { 1 }, cancellation));

        Assert.Equal(names, (await ListAsync(store)).Select(one => one.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Backups_of_another_name_are_not_seen()
    {
        using var store = await OpenAsync(BackupName);
        using var longer = await OpenAsync(BackupName + "-2");

        await longer.PutAsync($"{BackupName}-2-2026-11-20-030000.tar.gz", new byte[] { 1 }, Token);

        Assert.Empty(await ListAsync(store));
        Assert.Single(await ListAsync(longer));
    }

    [Fact]
    public async Task A_probe_of_a_sound_store_passes_and_leaves_nothing()
    {
        using var store = await OpenAsync(BackupName);

        await store.ProbeAsync(Token);

        Assert.Empty(await ListAsync(store));
        await AssertNothingUnfinishedAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("../other/file")]
    public async Task A_name_that_leaves_the_folder_or_hides_is_a_mistake_of_the_caller(string name)
    {
        using var store = await OpenAsync(BackupName);

        await Assert.ThrowsAsync<ArgumentException>(() => store.PutAsync(name, new byte[] { 1 }, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync(name, Token));
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _staging.Delete(recursive: true);
    }

    private protected abstract Task<IBackupStore> OpenAsync(string backupName);

    /// <summary>Fails if anything unfinished of this backup is left in the store.</summary>
    private protected abstract Task AssertNothingUnfinishedAsync();

    /// <summary>Where the spool lies: staging, unless the store has a place of its own.</summary>
    private protected virtual string SpoolFolderFor(IBackupStore store) => _staging.FullName;

    private protected static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private protected Spool NewSpool(IBackupStore store) => new(SpoolFolderFor(store), $".{ArchiveName}.partial", fallbackDirectory: null);

    private protected static async Task<List<StoredObject>> ListAsync(IBackupStore store) =>
        await store.ListAsync(Token).ToListAsync(Token);

    private protected static async Task<byte[]> ReadAsync(IBackupStore store, string name)
    {
        await using var stream = await store.OpenReadAsync(name, Token);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, Token);
        return content.ToArray();
    }

    private protected async Task AssertHoldsAsync(IBackupStore store, byte[] content)
    {
        Assert.Equal([(ArchiveName, (long)content.Length)], (await ListAsync(store)).Select(one => (one.Name, one.Bytes)));
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await ReadAsync(store, ArchiveName)));
    }
}
