using BackupSidecar.Databases;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Hostile;

/// <summary>
/// Databases whose own definitions name programs and files. A backup reads them beside the application that writes them, so
/// whoever holds the application must not hold the sidecar as well. What a program has made would be there afterwards.
/// </summary>
public sealed class HostileSqliteTests : IDisposable
{
    private const string Run = "edit('x', 'touch CANARY; true')";
    private const string Write = "writefile('CANARY', 'x')";

    private readonly TemporaryFolder _folder = new();
    private readonly Sqlite _sqlite = new(TimeSpan.FromSeconds(1));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>What SQLite is told to take for the definition of a table that holds a row.</summary>
    public static TheoryData<string> Definitions =>
    [
        $"CREATE TABLE t(a CHECK({Run} IS NOT 5))",
        $"CREATE TABLE t(a CHECK({Write} IS NOT 5))",
        "CREATE TABLE t(a CHECK(load_extension('CANARY') IS NOT 5))",
        $"CREATE TABLE t(a, b AS ({Run}) STORED)",
        $"CREATE TABLE t(a, b AS ({Run}) NOT NULL)",
        $"CREATE TABLE t(a, b DEFAULT ({Run}) NOT NULL)",
        $"CREATE VIEW t AS SELECT {Run} AS a",
    ];

    /// <summary>What SQLite takes as it is, beside that table.</summary>
    public static TheoryData<string> Statements =>
    [
        $"CREATE VIEW v AS SELECT {Run} AS a",
        $"CREATE VIEW v AS SELECT {Write} AS a",
        $"CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT {Run}; END",
        "CREATE VIRTUAL TABLE z USING fts5(a)",
        "CREATE TABLE \"x\n.shell touch CANARY\n\"(a)",
        "CREATE TABLE \".shell touch CANARY\"(a)",
        $"CREATE TABLE \"'; SELECT {Run}; --\"(a)",
        $"CREATE TABLE \"\"\" FROM t; SELECT {Run}; --\"(a)",
        $"INSERT INTO sqlite_master VALUES('index', 'i', 't', 2, 'CREATE INDEX i ON t({Run.Replace("'", "''", StringComparison.Ordinal)})')",
        $"INSERT INTO sqlite_master VALUES('index', 'i', 't', 2, 'CREATE INDEX i ON t(a) WHERE {Run.Replace("'", "''", StringComparison.Ordinal)} IS NOT 5')",
    ];

    [Theory]
    [MemberData(nameof(Definitions))]
    public Task No_program_runs_because_a_table_is_defined_so(string definition) => AssertHarmlessAsync(Forge(definition));

    [Theory]
    [MemberData(nameof(Statements))]
    public Task No_program_runs_because_of_what_stands_beside_it(string statement) => AssertHarmlessAsync(statement);

    /// <summary>What the others prove nothing without.</summary>
    [Fact]
    public async Task In_its_ordinary_mode_SQLite_runs_the_first_of_these_programs()
    {
        var path = await DatabaseAsync(Forge($"CREATE TABLE t(a CHECK({Run} IS NOT 5))"));

        await RunningProcess.RunAsync(new Command("sqlite3", "-batch", path, "PRAGMA integrity_check;"), Cancellation);

        Assert.True(File.Exists(_folder["canary"]));
    }

    private static string Forge(string definition) => $"UPDATE sqlite_master SET sql = '{definition.Replace("'", "''", StringComparison.Ordinal)}'";

    private async Task AssertHarmlessAsync(string statement)
    {
        var path = await DatabaseAsync(statement);

        await AttemptAsync(() => _sqlite.CheckAsync(path, Cancellation));
        await AttemptAsync(() => _sqlite.BackupAsync(path, _folder["copy"], Cancellation));
        await AttemptAsync(() => VerifyAsync(path));

        Assert.False(File.Exists(_folder["canary"]));
    }

    private async Task<string> DatabaseAsync(string statement)
    {
        var path = _folder["hostile.db"];
        var script = $"CREATE TABLE t(a); INSERT INTO t VALUES('x'); PRAGMA writable_schema=ON; {statement.Replace("CANARY", _folder["canary"], StringComparison.Ordinal)};";
        var (result, _) = await RunningProcess.RunAsync(new Command("sqlite3", "-batch", "-bail", path, script), Cancellation);
        Assert.True(result.Succeeded && !File.Exists(_folder["canary"]), result.LastWords);
        return path;
    }

    private async Task VerifyAsync(string path)
    {
        await using var check = new SqliteDumpCheck(_sqlite, "3", _folder["verified"]);
        check.Take(await File.ReadAllBytesAsync(path, Cancellation));
        await check.CompleteAsync(Cancellation);
    }

    /// <summary>Whether it is taken or refused is not what is asked here.</summary>
    private static async Task AttemptAsync(Func<Task> attempt)
    {
        try
        {
            await attempt();
        }
        catch (DatabaseException)
        {
            // As good: a database that is forged so badly is damaged.
        }
    }
}
