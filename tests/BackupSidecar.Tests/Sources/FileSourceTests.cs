using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Sources;

namespace BackupSidecar.Tests.Sources;

public sealed class FileSourceTests : IDisposable
{
    private readonly SourceWorkshop _workshop = new();

    public void Dispose() => _workshop.Dispose();

    [Theory]
    [InlineData("config.yml", "config.yml")]
    [InlineData("-rf", "--help")]
    [InlineData(@"a\nb&*[?]", @"x\1&\n/y")]
    [InlineData("new\nline", "other\nline")]
    [InlineData("ünï ☃", "☃")]
    [InlineData("./.hidden", ".hidden")]
    public async Task A_file_comes_back_under_the_name_of_its_entry(string name, string entry)
    {
        entry = entry.Replace("/", "-", StringComparison.Ordinal);
        var path = _workshop.PathTo(name);
        await File.WriteAllTextAsync(path, "content", SourceWorkshop.Cancellation);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 2, 2, 2, 2, 2, DateTimeKind.Utc));

        var written = await _workshop.BackUpAsync(Source(path, entry));

        var unpacked = Path.Combine(_workshop.Unpacked, entry);
        Assert.Equal([unpacked], Directory.GetFileSystemEntries(_workshop.Unpacked));
        Assert.Equal("content", await File.ReadAllTextAsync(unpacked, SourceWorkshop.Cancellation));
        Assert.Equal(File.GetUnixFileMode(path), File.GetUnixFileMode(unpacked));
        Assert.Equal(File.GetLastWriteTimeUtc(path), File.GetLastWriteTimeUtc(unpacked));
        Assert.Equal((SourceState.Complete, SourceKind.File, entry, 1L, 7L), (written.State, written.Kind, written.Entry, written.Entries, written.Bytes));
        Assert.Contains($"Backing up file: {path}", _workshop.Logged);
    }

    [Fact]
    public async Task A_linked_file_is_followed()
    {
        await _workshop.ShellAsync("echo content > file; ln -s file link");

        var written = await _workshop.BackUpAsync(Source(_workshop.PathTo("link"), "entry"));

        Assert.Equal("content\n", await File.ReadAllTextAsync(Path.Combine(_workshop.Unpacked, "entry"), SourceWorkshop.Cancellation));
        Assert.Contains("(a link to ", written.Origin);
    }

    [Fact]
    public async Task A_live_sqlite_database_is_taken_as_one_with_its_owner_and_mode()
    {
        await _workshop.ShellAsync("sqlite3 live 'PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(42)'; chown 1234:4321 live; chmod 640 live; touch -d '2020-02-02 02:02:02Z' live");
        var path = _workshop.PathTo("live");
        var source = Source(path, "app.db");
        await source.CheckAsync(SourceWorkshop.Cancellation);
        Assert.True(source.IsStaged);

        var written = await _workshop.BackUpAsync(source);

        Assert.Equal("42\nok\n", await _workshop.ShellAsync("sqlite3 ../unpacked/app.db 'SELECT a FROM t; PRAGMA integrity_check'"));
        Assert.Equal("1234 4321 640 1580608922\n", await _workshop.ShellAsync("stat -c '%u %g %a %Y' ../unpacked/app.db"));
        Assert.Equal(SourceKind.Sqlite, written.Kind);
        Assert.Equal("online backup (consistent snapshot)", written.Consistency);
        Assert.Equal((await _workshop.ShellAsync("sha256sum < ../unpacked/app.db"))[..64], written.Sha256);
        Assert.Contains($"Backing up file: {path}", _workshop.Logged);
        Assert.Contains($"Backing up SQLite database: {path}", _workshop.Logged);
        Assert.Equal(["lock"], Directory.GetFiles(_workshop.Staging.Directory).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("mkfifo it", "it is a fifo, not a file")]
    [InlineData("mkdir it", "it is a directory, not a file")]
    [InlineData("ln -s /dev/null it", "it is a character special file, not a file")]
    [InlineData("true", "there is no such file")]
    [InlineData("ln -s it it", "there is no such file")]
    public async Task What_is_not_a_file_is_refused_before_anything_is_stopped(string script, string why)
    {
        await _workshop.ShellAsync(script);

        var failure = await Assert.ThrowsAsync<SourceException>(() => Source(_workshop.PathTo("it"), "it").CheckAsync(SourceWorkshop.Cancellation));

        Assert.StartsWith(why, failure.Message);
    }

    [Fact]
    public async Task A_file_that_somebody_has_locked_is_read_all_the_same()
    {
        var path = _workshop.PathTo("locked");
        await using var holder = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        holder.WriteByte(42);
        await holder.FlushAsync(SourceWorkshop.Cancellation);

        var written = await _workshop.BackUpAsync(Source(path, "locked"));

        Assert.Equal((SourceState.Complete, 1L), (written.State, written.Bytes));
    }

    [Fact]
    public async Task A_file_that_goes_away_fails_alone()
    {
        await _workshop.ShellAsync("echo x > file");
        var source = Source(_workshop.PathTo("file"), "file");
        await source.CheckAsync(SourceWorkshop.Cancellation);
        File.Delete(_workshop.PathTo("file"));

        var written = _workshop.Write(source, Stream.Null);

        Assert.Equal(SourceState.Failed, written.State);
        Assert.Contains("No such file or directory", written.Problem);
    }

    private FileSource Source(string path, string entry)
    {
        var plan = new FileSourcePlan(entry, path);
        return new FileSource(plan, () => new SqliteSource(plan, path, _workshop.Sqlite, _workshop.Staging, _workshop.Settings, _workshop), _workshop);
    }
}
