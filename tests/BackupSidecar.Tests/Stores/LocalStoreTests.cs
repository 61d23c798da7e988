using System.Diagnostics;
using BackupSidecar.Processes;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;

namespace BackupSidecar.Tests.Stores;

public sealed class LocalStoreTests : IDisposable
{
    private const string Archive = "app-2026-11-20-030000.tar.gz";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("stores-local-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_the_owner_can_read_what_is_stored()
    {
        using var store = Open(_root.FullName);

        await store.PutAsync(Archive, new byte[] { 1 }, Token);

        Assert.Equal("600", Convert.ToString((int)new FileInfo(Path.Combine(store.Folder, Archive)).UnixFileMode, 8));
    }

    [Fact]
    public async Task A_spool_in_the_folder_is_renamed_and_others_go_on_reading_it()
    {
        using var store = Open(_root.FullName);
        Directory.CreateDirectory(store.Folder);
        using var spool = new Spool(store.Folder, $".{Archive}.partial", null);
        spool.Writer.Write("content"u8);
        await using var reader = spool.OpenRead(0, 7);
        spool.Seal();

        await store.UploadAsync(Archive, spool, Token);

        Assert.Equal(Path.Combine(store.Folder, Archive), spool.FilePath);
        Assert.Equal([spool.FilePath], Directory.GetFileSystemEntries(store.Folder));
        Assert.Equal(7, reader.Read(new byte[10]));
    }

    [Fact]
    public async Task A_spool_whose_file_has_lost_bytes_does_not_get_the_final_name()
    {
        using var store = Open(_root.FullName);
        Directory.CreateDirectory(store.Folder);
        using (var spool = new Spool(store.Folder, $".{Archive}.partial", null))
        {
            spool.Writer.Write("content"u8);
            spool.Seal();
            await using (var file = File.OpenWrite(spool.FilePath))
                file.SetLength(5);

            var failure = await Assert.ThrowsAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

            Assert.Contains("has 5 bytes instead of 7", failure.Message, StringComparison.Ordinal);
        }
        Assert.Empty(Directory.GetFileSystemEntries(store.Folder));
    }

    [Fact]
    public async Task On_a_full_file_system_nothing_new_stays_and_nothing_old_is_lost()
    {
        using var small = new SmallFileSystem();
        using var store = Open(small.Path);
        await store.PutAsync("app-2026-11-19-030000.tar.gz", new byte[1000], Token);
        using var spool = new Spool(_root.FullName, $".{Archive}.partial", null);
        spool.Writer.Write(new byte[2 * SmallFileSystem.Size]);
        spool.Seal();

        var upload = await Assert.ThrowsAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));
        var put = await Assert.ThrowsAsync<StoreException>(() => store.PutAsync(Archive, new byte[2 * SmallFileSystem.Size], Token));

        Assert.Contains("no space is left", upload.Message, StringComparison.Ordinal);
        Assert.Contains("no space is left", put.Message, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(store.Folder, "app-2026-11-19-030000.tar.gz")], Directory.GetFileSystemEntries(store.Folder));
    }

    [Fact]
    public async Task A_spool_that_had_to_leave_the_folder_fails_the_store_but_not_the_spool()
    {
        using var small = new SmallFileSystem();
        using var store = Open(small.Path);
        Directory.CreateDirectory(store.Folder);
        using var spool = new Spool(store.Folder, $".{Archive}.partial", _root.FullName);
        spool.Writer.Write(new byte[2 * SmallFileSystem.Size]);
        spool.Seal();

        var failure = await Assert.ThrowsAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        Assert.Contains("no space is left", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(store.Folder));
        Assert.Equal(2 * SmallFileSystem.Size, new FileInfo(spool.FilePath).Length);
    }

    [Fact]
    public async Task A_folder_that_goes_away_meanwhile_fails_the_store_but_not_the_spool()
    {
        using var store = Open(_root.FullName);
        Directory.CreateDirectory(store.Folder);
        using var spool = new Spool(store.Folder, $".{Archive}.partial", null);
        spool.Writer.Write("content"u8);
        Directory.Delete(store.Folder, recursive: true);
        spool.Seal();

        var failure = await Assert.ThrowsAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        await using var reader = spool.OpenRead(0, 7);
        Assert.Equal(7, reader.Read(new byte[10]));
        Assert.Contains("does not exist", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_says_that_the_file_system_is_full()
    {
        using var small = new SmallFileSystem();
        using var store = Open(small.Path);
        Directory.CreateDirectory(store.Folder);
        Assert.Throws<IOException>(() => File.WriteAllBytes(Path.Combine(small.Path, "filler"), new byte[2 * SmallFileSystem.Size]));

        var failure = await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.Contains("no space is left", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(store.Folder));
    }

    [Fact]
    public async Task A_probe_says_that_the_file_system_is_read_only()
    {
        using var small = new SmallFileSystem();
        using var store = Open(small.Path);
        Directory.CreateDirectory(store.Folder);
        small.MakeReadOnly();

        var failure = await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.Contains("read-only", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file", "file")]
    [InlineData("folder", "folder/app")]
    public async Task A_probe_says_that_the_folder_is_a_file(string root, string file)
    {
        Directory.CreateDirectory(Path.Combine(_root.FullName, "folder"));
        await File.WriteAllTextAsync(Path.Combine(_root.FullName, file), "", Token);
        using var store = Open(Path.Combine(_root.FullName, root));

        var failure = await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.IsNotType<StoreNameTakenException>(failure);
        Assert.Contains(store.Folder, failure.Message, StringComparison.Ordinal);
        Assert.Contains("is a file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hidden_files_folders_and_names_that_are_not_text_are_not_listed()
    {
        using var store = Open(_root.FullName);
        await store.PutAsync(Archive, new byte[] { 1 }, Token);
        Directory.CreateDirectory(Path.Combine(store.Folder, "folder"));
        await File.WriteAllTextAsync(Path.Combine(store.Folder, ".hidden"), "", Token);
        await RunAsync("touch \"$(printf 'bad\\377')\"", store.Folder);

        var listed = await store.ListAsync(Token).ToListAsync(Token);

        Assert.Equal([Archive], listed.Select(one => one.Name));
        await RunAsync("rm bad*", store.Folder);
    }

    [Fact]
    public async Task A_sweep_removes_old_leftovers_of_this_backup_that_nobody_uses_and_nothing_else()
    {
        using var store = Open(_root.FullName, TimeSpan.FromHours(2));
        Directory.CreateDirectory(store.Folder);
        string[] swept = [$".{Archive}.partial", ".app-2026-11-20-030000.tar.gz.gpg.manifest.json.0123.partial", $".probe-{Guid.NewGuid():N}.partial"];
        string[] kept = [Archive, ".app-2-2026-11-20-030000.tar.gz.partial", ".notes.partial", ".app-2026-11-20-030000.tar.gz", ".young"];
        foreach (var name in swept.Concat(kept))
            await File.WriteAllTextAsync(Path.Combine(store.Folder, name), "", Token);
        var young = Path.Combine(store.Folder, ".app-2026-11-20-050000.tar.gz.partial");
        await File.WriteAllTextAsync(young, "", Token);
        File.SetLastWriteTimeUtc(young, DateTime.UtcNow.AddHours(2));
        using var inUse = new Spool(store.Folder, ".app-2026-11-20-040000.tar.gz.partial", null);

        await store.SweepAsync(Token);

        var left = Directory.GetFiles(store.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal(kept.Append(Path.GetFileName(young)).Append(Path.GetFileName(inUse.FilePath)).Order(StringComparer.Ordinal), left);
    }

    [Fact]
    public void Renaming_never_replaces_with_or_without_the_help_of_the_file_system()
    {
        foreach (var rename in new Action<string, string>[] { PosixFiles.RenameWithoutReplacing, PosixFiles.LinkThenUnlink })
        {
            var (from, to, taken) = (Path.Combine(_root.FullName, "from"), Path.Combine(_root.FullName, "to"), Path.Combine(_root.FullName, "taken"));
            File.WriteAllText(from, "new");
            File.WriteAllText(taken, "old");

            Assert.Equal(PosixErrors.Exists, Assert.Throws<IOException>(() => rename(from, taken)).HResult);
            rename(from, to);

            Assert.Equal(("new", "old", false), (File.ReadAllText(to), File.ReadAllText(taken), File.Exists(from)));
            File.Delete(to);
        }
    }

    public void Dispose() => _root.Delete(recursive: true);

    private static LocalStore Open(string root, TimeSpan ahead = default) => new(root, "app", new ClockAhead(ahead));

    /// <summary>For file names that .NET can neither make nor remove.</summary>
    private static async Task RunAsync(string script, string folder)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = folder })!;
        await shell.WaitForExitAsync(Token);
        Assert.Equal(0, shell.ExitCode);
    }

    private sealed class ClockAhead(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
