using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Runs;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Restore;

public sealed class CatalogTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Archives_are_listed_newest_first_with_their_copies_in_all_stores()
    {
        var first = await StoreAsync(SourceState.Complete, _scene.Local);
        var second = await StoreAsync(SourceState.Complete, _scene.Local, _scene.Far);
        var third = await StoreAsync(SourceState.Complete, _scene.Far);

        var catalog = await ReadAsync();

        Assert.Equal([third, second, first], catalog.Entries.Select(entry => entry.Name));
        Assert.Equal(["local", "s3"], catalog.Entries[1].Copies.Select(copy => copy.Store));
        Assert.All(catalog.Entries, entry => Assert.Equal((CatalogState.Complete, ManifestTrust.Authentic), (entry.State, entry.Copies[0].Trust)));
        Assert.Empty(catalog.Problems);
    }

    [Fact]
    public async Task What_is_not_a_whole_backup_says_why()
    {
        var partial = await StoreAsync(SourceState.Failed);
        var unverified = await StoreAsync(SourceState.Complete);
        File.Delete(PathOf(unverified.ManifestFileName));
        var longer = await StoreAsync(SourceState.Complete);
        await File.AppendAllTextAsync(PathOf(longer.FileName), "x", Token);
        var unreadable = await StoreAsync(SourceState.Complete);
        await File.WriteAllTextAsync(PathOf(unreadable.ManifestFileName), "{", Token);
        var swapped = await StoreAsync(SourceState.Complete);
        File.Copy(PathOf(partial.ManifestFileName), PathOf(swapped.ManifestFileName), overwrite: true);
        var orphan = await StoreAsync(SourceState.Complete);
        File.Delete(PathOf(orphan.FileName));
        await File.WriteAllTextAsync(PathOf("notes.txt"), "mine", Token);

        var catalog = await ReadAsync();

        Assert.Equal(
            [
                (swapped, CatalogState.Damaged), (unreadable, CatalogState.Damaged), (longer, CatalogState.Damaged),
                (unverified, CatalogState.Incomplete), (partial, CatalogState.Partial),
            ],
            catalog.Entries.Select(entry => (entry.Name, entry.State)));
        Assert.Contains("belongs to another archive", catalog.Entries[0].Copies[0].Problem, StringComparison.Ordinal);
        Assert.Contains("cannot be read", catalog.Entries[1].Copies[0].Problem, StringComparison.Ordinal);
        Assert.Contains("bytes are stored", catalog.Entries[2].Copies[0].Problem, StringComparison.Ordinal);
        Assert.Contains("no manifest", catalog.Entries[3].Copies[0].Problem, StringComparison.Ordinal);
        Assert.Contains(orphan.FileName, Assert.Single(catalog.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_without_a_manifest_is_legacy_if_there_were_no_manifests_yet()
    {
        var legacy = await StoreAsync(SourceState.Complete);
        File.Delete(PathOf(legacy.ManifestFileName));
        var alone = (await ReadAsync()).Entries;
        await StoreAsync(SourceState.Complete);

        var before = (await ReadAsync()).Entries;

        Assert.Equal(CatalogState.Legacy, Assert.Single(alone).State);
        Assert.Equal([CatalogState.Complete, CatalogState.Legacy], before.Select(entry => entry.State));
    }

    [Fact]
    public async Task A_store_that_fails_is_a_problem_and_hides_nothing_of_the_other()
    {
        await StoreAsync(SourceState.Complete);
        _scene.Far.Fault = new StoreException("no route to host");

        var catalog = await ReadAsync();

        Assert.Single(catalog.Entries);
        Assert.Contains("no route to host", Assert.Single(catalog.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_latest_backup_is_the_newest_complete_one_and_what_was_passed_over_is_named()
    {
        var complete = await StoreAsync(SourceState.Complete);
        var partial = await StoreAsync(SourceState.Failed);

        var (entry, remark) = (await ReadAsync()).Find(new RestoreOptions());

        Assert.Equal(complete, entry.Name);
        Assert.Contains($"{partial.FileName} (partial)", remark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_complete_backup_the_latest_is_a_partial_one()
    {
        var partial = await StoreAsync(SourceState.Failed);

        var (entry, remark) = (await ReadAsync()).Find(new RestoreOptions());

        Assert.Equal(partial, entry.Name);
        Assert.Contains("no complete backup", remark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_is_found_by_its_timestamp_and_by_its_file_name()
    {
        await StoreAsync(SourceState.Complete);
        var wanted = await StoreAsync(SourceState.Complete);
        await StoreAsync(SourceState.Complete);
        var catalog = await ReadAsync();

        Assert.Equal(wanted, catalog.Find(new RestoreOptions { Backup = wanted.Timestamp }).Entry.Name);
        Assert.Equal(wanted, catalog.Find(new RestoreOptions { Backup = wanted.FileName }).Entry.Name);
    }

    [Fact]
    public async Task A_timestamp_that_is_not_there_is_answered_with_the_nearest()
    {
        var names = new List<ArchiveName>();
        for (var i = 0; i < 7; i++)
            names.Add(await StoreAsync(SourceState.Complete));

        var error = Assert.Throws<RestoreException>(() =>
            new Catalog([.. names.Select(Entry)], []).Find(new RestoreOptions { Backup = "2026-11-20-030101" }));

        Assert.Contains($"There are: {names[0].Timestamp} (complete), {names[1].Timestamp}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(names[6].Timestamp, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2020-01-01-000000")]
    [InlineData("2036-01-01-000000")]
    public async Task A_time_that_is_near_to_no_backup_is_answered_with_the_newest(string wanted)
    {
        var names = new List<ArchiveName>();
        for (var i = 0; i < 7; i++)
            names.Add(await StoreAsync(SourceState.Complete));

        var error = Assert.Throws<RestoreException>(() => new Catalog([.. names.Select(Entry)], []).Find(new RestoreOptions { Backup = wanted }));

        Assert.Contains($"There are: {names[6].Timestamp} (complete), {names[5].Timestamp}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(names[0].Timestamp, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_timestamp_of_two_archives_is_ambiguous_until_the_file_is_named()
    {
        var time = new DateTime(2026, 11, 20, 3, 0, 0, DateTimeKind.Unspecified);
        var (plain, encrypted) = (new ArchiveName("shop", time, ".tar.gz"), new ArchiveName("shop", time, ".tar.gz.gpg"));
        var catalog = new Catalog([Entry(plain), Entry(encrypted)], []);

        var error = Assert.Throws<RestoreException>(() => catalog.Find(new RestoreOptions { Backup = plain.Timestamp }));

        Assert.Contains($"{plain.FileName}, {encrypted.FileName}", error.Message, StringComparison.Ordinal);
        Assert.Equal(plain, catalog.Find(new RestoreOptions { Backup = plain.FileName }).Entry.Name);
    }

    [Fact]
    public async Task Only_the_named_store_counts()
    {
        var local = await StoreAsync(SourceState.Complete, _scene.Local);
        await StoreAsync(SourceState.Complete, _scene.Far);
        var catalog = await ReadAsync();

        Assert.Equal(local, catalog.Find(new RestoreOptions { Store = "local" }).Entry.Name);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static CatalogEntry Entry(ArchiveName name) =>
        new(name, [new StoredCopy("local", 1, DateTimeOffset.UnixEpoch, CatalogState.Complete)]);

    private string PathOf(string name) => Path.Combine(_scene.Local.Folder, name);

    private Task<Catalog> ReadAsync() =>
        new CatalogReader(_scene.Stores, new ManifestFile(_scene.Settings.Archive, RestoreScene.Name), RestoreScene.Name).ReadAsync(Token);

    private Task<ArchiveName> StoreAsync(SourceState state, params IBackupStore[] stores) =>
        _scene.StoreAsync(_ => [new ManifestSource { Kind = "file", Entry = "f", Origin = "/f", State = state }], stores);
}
