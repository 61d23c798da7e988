using BackupSidecar.Databases;
using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Databases;

public sealed class SqliteTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("backup-sidecar-sqlite-").FullName;
    private readonly Sqlite _sqlite = new(TimeSpan.FromSeconds(20));
    private int _copies;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Copies_of_a_database_that_is_written_all_the_time_are_whole_and_consistent()
    {
        // Two accounts whose sum no transaction changes, and enough ballast that a copy takes many steps.
        var path = await DatabaseAsync(
            """
            PRAGMA journal_mode=WAL; CREATE TABLE account(id INTEGER PRIMARY KEY, amount INT); INSERT INTO account VALUES(1, 1000), (2, 1000);
            CREATE TABLE ballast(b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO ballast SELECT randomblob(1000) FROM n;
            """);
        await using var writer = RunningProcess.Start(new Command("sqlite3", "-cmd", "PRAGMA synchronous=OFF", path));
        using var stop = new CancellationTokenSource();
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = Task.Run(() => Transfer(writer.StandardInput, first, stop.Token), Cancellation);
        await first.Task;

        var sums = new List<string>();
        for (var i = 0; i < 20; i++)
            sums.Add(await QueryAsync(await CopyAsync(path), "SELECT sum(amount) FROM account;"));
        var moved = await QueryAsync(path, "SELECT amount < 1000 FROM account WHERE id = 1;");
        await stop.CancelAsync();
        await writing;
        writer.Kill();

        Assert.All(sums, sum => Assert.Equal("2000", sum));
        Assert.Equal("1", moved);
    }

    [Theory]
    [InlineData("it's \"quoted\"; DROP.db")]
    [InlineData("-batch .quit\n.db")]
    [InlineData("a?mode=rwc&b#c%20d.db")]
    [InlineData("ünï ☃.db")]
    public async Task Any_name_is_only_a_name(string name)
    {
        var path = await DatabaseAsync("CREATE TABLE t(a); INSERT INTO t VALUES(42);", name);

        var copy = await CopyAsync(path);

        Assert.Equal("42", await QueryAsync(copy, "SELECT a FROM t;"));
    }

    [Fact]
    public async Task A_closed_wal_database_is_copied_without_a_trace_beside_it()
    {
        var path = await DatabaseAsync("PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(42);");
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));

        await _sqlite.CheckAsync(path, Cancellation);
        var copy = await CopyAsync(path);

        Assert.Equal("42", await QueryAsync(copy, "SELECT a FROM t;"));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task What_stands_only_in_the_wal_of_an_open_database_is_in_the_copy()
    {
        var path = await DatabaseAsync("PRAGMA journal_mode=WAL; CREATE TABLE t(a);");
        await using var holder = RunningProcess.Start(new Command("sqlite3", path));
        await SayAsync(holder, "INSERT INTO t VALUES(42); SELECT 'done';", "done");
        Assert.True(new FileInfo(path + "-wal").Length > 0);

        var copy = await CopyAsync(path);

        Assert.Equal("42", await QueryAsync(copy, "SELECT a FROM t;"));
    }

    [Fact]
    public async Task The_copy_is_ours_alone_and_its_maker_is_named()
    {
        var path = await DatabaseAsync("CREATE TABLE t(a);");
        var copy = NewCopy();

        var facts = await _sqlite.BackupAsync(path, copy, Cancellation);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        Assert.StartsWith("sqlite3 3.", facts.Tool);
        Assert.Equal("online backup (consistent snapshot)", facts.Consistency);
    }

    [Fact]
    public async Task A_database_that_stays_locked_fails_and_leaves_no_copy()
    {
        var path = await DatabaseAsync("CREATE TABLE t(a);");
        await using var holder = RunningProcess.Start(new Command("sqlite3", path));
        await SayAsync(holder, "BEGIN EXCLUSIVE; SELECT 'done';", "done");
        var copy = NewCopy();
        var impatient = new Sqlite(TimeSpan.FromMilliseconds(50));

        await impatient.CheckAsync(path, Cancellation);
        var failure = await Assert.ThrowsAsync<DatabaseException>(() => impatient.BackupAsync(path, copy, Cancellation));

        Assert.Contains("database is locked", failure.Message);
        Assert.Contains("BACKUP_STOP_SERVICES", failure.Message);
        Assert.False(File.Exists(copy));
    }

    [Fact]
    public async Task A_damaged_database_fails_and_leaves_no_copy()
    {
        var path = await DatabaseAsync("CREATE TABLE t(a); INSERT INTO t VALUES(randomblob(20000));");
        await using (var file = File.OpenWrite(path))
        {
            file.Position = 4096;
            await file.WriteAsync(new byte[4096], Cancellation);
        }
        var copy = NewCopy();

        await Assert.ThrowsAsync<DatabaseException>(() => _sqlite.BackupAsync(path, copy, Cancellation));

        Assert.False(File.Exists(copy));
    }

    [Fact]
    public async Task Rows_are_counted_for_each_table_that_is_one()
    {
        var path = await DatabaseAsync(
            """
            CREATE TABLE "it's ""a"" table"(a); INSERT INTO "it's ""a"" table" VALUES(1), (2), (3);
            CREATE TABLE empty(a PRIMARY KEY) WITHOUT ROWID; CREATE TABLE sqlites(a INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO sqlites DEFAULT VALUES;
            CREATE VIEW v AS SELECT * FROM sqlites; CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES('word');
            """);

        var facts = await _sqlite.BackupAsync(path, NewCopy(), Cancellation);

        Assert.Equal(new Dictionary<string, long> { ["it's \"a\" table"] = 3, ["empty"] = 0, ["sqlites"] = 1 }, facts.Counts);
    }

    [Fact]
    public async Task However_many_tables_there_are_all_are_counted()
    {
        var path = await DatabaseAsync(string.Concat(Enumerable.Range(0, 1203).Select(i => $"CREATE TABLE t{i}(a); INSERT INTO t{i} VALUES({i});")));

        var facts = await _sqlite.BackupAsync(path, NewCopy(), Cancellation);

        Assert.Equal(1203, facts.Counts.Count);
        Assert.All(facts.Counts.Values, rows => Assert.Equal(1, rows));
    }

    [Fact]
    public async Task A_database_is_known_by_its_header()
    {
        var database = await DatabaseAsync("CREATE TABLE t(a);");
        var text = Path.Combine(_root, "text");
        await File.WriteAllTextAsync(text, "SQLite format 3 is described elsewhere", Cancellation);
        var empty = Path.Combine(_root, "empty");
        await File.WriteAllTextAsync(empty, "", Cancellation);

        Assert.True(Sqlite.LooksLikeSqlite(database));
        Assert.False(Sqlite.LooksLikeSqlite(text));
        Assert.False(Sqlite.LooksLikeSqlite(empty));
        Assert.False(Sqlite.LooksLikeSqlite(Path.Combine(_root, "nowhere")));
    }

    /// <summary>Moves money until it is told to stop, as fast as the program takes it.</summary>
    private static void Transfer(Stream program, TaskCompletionSource first, CancellationToken stop)
    {
        const string transaction =
            "BEGIN IMMEDIATE; UPDATE account SET amount = amount - 1 WHERE id = 1; UPDATE account SET amount = amount + 1 WHERE id = 2; COMMIT;";
        // So long that a pipe holds few of them: when the hundredth has been taken, the first is done.
        var line = System.Text.Encoding.UTF8.GetBytes($"{transaction} -- {new string('x', 2000)}\n");
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            program.Write(line);
            if (i == 100)
                first.TrySetResult();
        }
    }

    private static async Task SayAsync(RunningProcess program, string statements, string answer)
    {
        await program.StandardInput.WriteAsync(System.Text.Encoding.UTF8.GetBytes(statements + "\n"), Cancellation);
        await program.StandardInput.FlushAsync(Cancellation);
        using var reader = new StreamReader(program.StandardOutput, leaveOpen: true);
        Assert.Equal(answer, await reader.ReadLineAsync(Cancellation));
    }

    private async Task<string> DatabaseAsync(string statements, string name = "app.db")
    {
        var directory = Directory.CreateDirectory(Path.Combine(_root, "data")).FullName;
        var path = Path.Combine(directory, name);
        await QueryAsync(path, statements);
        return path;
    }

    private static async Task<string> QueryAsync(string path, string statements)
    {
        var (result, output) = await RunningProcess.RunAsync(new Command("sqlite3", "-bail", path, statements), Cancellation);
        Assert.True(result.Succeeded, result.LastWords);
        return output.Trim();
    }

    private async Task<string> CopyAsync(string path)
    {
        var copy = NewCopy();
        await _sqlite.BackupAsync(path, copy, Cancellation);
        return copy;
    }

    private string NewCopy() => Path.Combine(_root, $"copy-{++_copies}");
}
