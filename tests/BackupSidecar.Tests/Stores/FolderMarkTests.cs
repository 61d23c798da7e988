using BackupSidecar.Configuration;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Stores;

/// <summary>The local store knows its folder again, and takes no other one for it.</summary>
public sealed class FolderMarkTests : IDisposable
{
    private const string First = "app-2026-11-19-030000.tar.gz";
    private const string Second = "app-2026-11-20-030000.tar.gz";

    private readonly TemporaryFolder _root = new();
    private readonly RecordingLog _log = new();

    public FolderMarkTests() => _root.Make("state");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_folder_bears_a_mark_once_something_was_stored_and_nobody_sees_it()
    {
        using var store = Open();
        await store.ProbeAsync(Token);
        await store.PutAsync("app-notes", new byte[] { 1 }, Token);
        Assert.Empty(Marks());

        await StoreAsync(store, First);

        Assert.Equal([OwnNames.StoreMark], Marks());
        Assert.Equal([First, "app-notes"], (await store.ListAsync(Token).ToListAsync(Token)).Select(one => one.Name).Order(StringComparer.Ordinal));
        await store.SweepAsync(Token);
        Assert.Equal([OwnNames.StoreMark], Marks());
        Assert.Equal("644\n", _root.Shell($"stat -c %a volume/app/{OwnNames.StoreMark}"));
        Assert.Contains("Leave it here", Mark(), StringComparison.Ordinal);
        await store.ProbeAsync(Token);
        Assert.Empty(_log.Lines);
    }

    [Theory]
    [InlineData("mv volume gone; mkdir volume", "is empty now: is its volume mounted?")]
    [InlineData("mv volume gone; mkdir -p volume/app", "is empty now: is its volume mounted?")]
    [InlineData("mv volume gone", "is empty now: is its volume mounted?")]
    [InlineData("mv volume gone; mkdir -p volume/app; touch volume/app/app-2026-01-01-000000.tar.gz", "has no mark (.backup-sidecar-store) now: is the right volume mounted?")]
    [InlineData("mv volume gone; mkdir -p volume/app; echo 0123456789abcdef0123456789abcdef > volume/app/.backup-sidecar-store", "bears the mark of another folder now: is the right volume mounted?")]
    [InlineData("rm volume/app/app-*; : > volume/app/.backup-sidecar-store", "has no mark (.backup-sidecar-store) now: is the right volume mounted?")]
    public async Task Another_folder_in_its_place_is_refused_and_nothing_is_written(string change, string words)
    {
        using var store = Open();
        await StoreAsync(store, First);
        _root.Shell(change);
        var before = Everything();

        var probe = await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.Contains($"{store.Folder} was used before and {words}", probe.Message, StringComparison.Ordinal);
        Assert.Contains($"remove {Note()}: then", probe.Message, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
    }

    [Fact]
    public async Task A_list_of_an_empty_folder_is_refused_and_what_is_in_another_one_is_listed_with_a_warning()
    {
        using var store = Open();
        await StoreAsync(store, First);
        _root.Shell("mv volume gone; mkdir volume");
        var before = Everything();

        var empty = Assert.Throws<StoreException>(() => store.ListAsync(Token));
        Assert.Equal(before, Everything());
        _root.Shell("mkdir volume/app; touch volume/app/app-2026-01-01-000000.tar.gz");
        var strays = await store.ListAsync(Token).ToListAsync(Token);

        Assert.Contains("is its volume mounted?", empty.Message, StringComparison.Ordinal);
        Assert.Single(strays);
        Assert.Contains("Warning: " + store.Folder, Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Empty(Marks());
    }

    [Fact]
    public async Task The_folder_is_taken_again_when_it_is_back_and_any_folder_when_the_note_is_gone()
    {
        using var store = Open();
        await StoreAsync(store, First);
        var mark = Mark();
        _root.Shell("mv volume gone; mkdir volume");
        await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));

        _root.Shell("rmdir volume; mv gone volume");
        await StoreAsync(store, Second);
        Assert.Equal(mark, Mark());

        _root.Shell("mv volume gone; mkdir volume");
        File.Delete(Note());
        await StoreAsync(store, Second);
        Assert.NotEqual(mark, Mark());
        await store.ProbeAsync(Token);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Backups_of_a_version_without_marks_are_adopted_in_silence()
    {
        _root.Write($"volume/app/{First}", "made before there were marks");
        using var store = Open();

        Assert.Single(await store.ListAsync(Token).ToListAsync(Token));
        Assert.Empty(Marks());
        await StoreAsync(store, Second);

        Assert.Equal([OwnNames.StoreMark], Marks());
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_mark_outlives_the_state_directory()
    {
        using var store = Open();
        await StoreAsync(store, First);
        var mark = Mark();
        _root.Shell("rm -r state; mkdir state");

        await store.ProbeAsync(Token);
        await StoreAsync(store, Second);
        _root.Shell("mv volume gone; mkdir volume");

        Assert.Equal(mark, _root.Shell($"cat gone/app/{OwnNames.StoreMark}"));
        await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));
        Assert.Empty(_log.Lines);
    }

    /// <summary>As "cp OLD/* NEW" leaves them, which passes hidden files over.</summary>
    [Fact]
    public async Task Backups_that_were_copied_without_their_mark_are_known_by_the_last_of_them_and_marked_again()
    {
        using var store = Open();
        await StoreAsync(store, First);
        await StoreAsync(store, Second);
        var mark = Mark();
        _root.Shell("mv volume gone; mkdir -p volume/app; cp gone/app/* volume/app/");

        await store.ProbeAsync(Token);
        Assert.Contains("has lost its mark", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Empty(Marks());
        await StoreAsync(store, "app-2026-11-21-030000.tar.gz");

        Assert.Equal(mark, Mark());
    }

    [Fact]
    public async Task Each_name_and_each_place_has_a_note_of_its_own()
    {
        using var store = Open();
        await StoreAsync(store, First);

        using var otherName = Open("volume", "shop");
        using var otherPlace = Open("elsewhere");
        await otherName.ProbeAsync(Token);
        await otherPlace.ProbeAsync(Token);
        await StoreAsync(otherPlace, First);
        _root.Shell("rm -r volume");

        await otherPlace.ProbeAsync(Token);
        await otherName.ProbeAsync(Token);
        await Assert.ThrowsAsync<StoreException>(() => store.ProbeAsync(Token));
    }

    [Fact]
    public async Task A_note_that_cannot_be_written_costs_a_warning_and_no_backup()
    {
        _root.Shell("rmdir state; echo 'a file' > state");
        using var store = Open();

        await StoreAsync(store, First);

        Assert.Single(await store.ListAsync(Token).ToListAsync(Token));
        Assert.Contains("could not be marked", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    private LocalStore Open(string place = "volume", string name = "app") =>
        new(_root[place], name, TimeProvider.System) { Mark = new FolderMark(LocalStore.FolderOf(_root[place], name), _root["state"], _log) };

    private async Task StoreAsync(LocalStore store, string archive)
    {
        using var spool = new Spool(_root["state"] is var state && Directory.Exists(state) ? state : _root.Root, $".{archive}.partial", null);
        spool.Writer.Write("content"u8);
        spool.Seal();
        await store.UploadAsync(archive, spool, Token);
    }

    private IEnumerable<string> Marks() => _root.Shell("ls -A volume/app").Split('\n').Where(name => name.StartsWith('.'));

    private string Mark() => _root.Shell($"cat volume/app/{OwnNames.StoreMark}");

    private string Note() => Assert.Single(Directory.GetFiles(_root["state", "stores"]));

    private string Everything() => _root.Shell("find . -printf '%p %y %s %T@\\n' | sort");
}
