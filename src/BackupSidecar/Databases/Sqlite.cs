using System.Text;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>
/// SQLite by its own program and its online backup, which gives one consistent state while others write. The database is
/// opened for reading only, and nothing is left beside it. A copy counts only after an integrity check. Whatever a database
/// says of itself, no program runs because of it.
/// </summary>
internal sealed class Sqlite(TimeSpan busyTimeout, string program = "sqlite3")
{
    private const int HeaderLength = 100;
    private const int ReadVersionOffset = 19;
    private const byte WriteAheadLog = 2;

    // Each step of the online backup that finds the database changed begins again, so that a steady writer keeps it from
    // ever ending. A transaction around it holds one state: writers of a WAL database do not notice, others wait.
    private const string HoldState = "BEGIN; SELECT 1 FROM sqlite_master LIMIT 0;";

    /// <summary>
    /// The program's mode without functions that run programs or write files (edit, writefile). In any other a check of the database
    /// would call them where a constraint in it says so, and whoever can write to a database could make it say that.
    /// </summary>
    public const string Safe = "-safe";

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    public Sqlite()
        : this(TimeSpan.FromSeconds(30))
    {
    }

    /// <summary>Whether a regular file begins as a SQLite database does. The caller has seen that it is a regular file.</summary>
    public static bool LooksLikeSqlite(string path) => ReadHeader(path).AsSpan().StartsWith(Magic);

    /// <summary>Whether the database can be opened. A lock does not count: it may go when the services stop.</summary>
    public async Task CheckAsync(string path, CancellationToken cancellation)
    {
        var (result, _) = await RunAsync(
            Path.GetTempPath(), [Safe], Address(path, IsClosed(path)), ["SELECT count(*) FROM sqlite_master;"], cancellation);
        if (!result.Succeeded && !result.LastWords.Contains("locked", StringComparison.Ordinal))
            throw Unreadable(result);
    }

    /// <summary>Makes a copy, which must not exist yet, and checks it. The copy is readable by us alone.</summary>
    /// <exception cref="DatabaseException">The database stayed locked, is damaged or cannot be opened; there is no copy.</exception>
    public async Task<DumpFacts> BackupAsync(string path, string copy, CancellationToken cancellation)
    {
        try
        {
            await CopyAsync(path, copy, cancellation);
            await CheckIntegrityAsync(copy, cancellation);
            return new DumpFacts($"sqlite3 {await VersionAsync(cancellation)}", null, "online backup (consistent snapshot)")
            {
                Counts = await CountAsync(copy, cancellation),
            };
        }
        catch
        {
            File.Delete(copy);
            throw;
        }
    }

    /// <summary>
    /// A WAL database that nobody has open lacks its -wal file. Opened in the ordinary way it would get one, owned by us, or
    /// could not be opened at all in a read-only mount. So it is read as a file that does not change, and if somebody
    /// opened or changed it meanwhile the copy is made again in the ordinary way.
    /// </summary>
    private async Task CopyAsync(string path, string copy, CancellationToken cancellation)
    {
        if (IsClosed(path))
        {
            var before = Stamp(path);
            var closed = await TryCopyAsync(path, copy, immutable: true, cancellation);
            if (IsClosed(path) && Stamp(path) == before)
            {
                ThrowUnlessSuccess(closed);
                return;
            }
            File.Delete(copy);
        }
        ThrowUnlessSuccess(await TryCopyAsync(path, copy, immutable: false, cancellation));
    }

    private async Task<ProcessResult> TryCopyAsync(string path, string copy, bool immutable, CancellationToken cancellation)
    {
        // The program would make the file readable by others; it takes an empty one as it is.
        new FileStream(copy, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).Dispose();
        // The name of the copy is relative to the working directory, so that no odd path needs quoting.
        string[] commands = [HoldState, $".backup main {Path.GetFileName(copy)}"];
        // Not in safe mode, which writes no files. Pages are copied here, and nothing that the database says is worked out.
        var (result, _) = await RunAsync(
            Path.GetDirectoryName(copy)!, ["-cmd", $".timeout {busyTimeout.TotalMilliseconds:F0}"], Address(path, immutable), commands, cancellation);
        return result;
    }

    /// <summary>Lets SQLite read all of a database that nobody writes to.</summary>
    /// <exception cref="DatabaseException">It is damaged, or none.</exception>
    public async Task CheckIntegrityAsync(string copy, CancellationToken cancellation)
    {
        var (result, output) = await RunAsync(
            Path.GetDirectoryName(copy)!, [Safe], Address(copy, immutable: true), ["PRAGMA integrity_check;"], cancellation);
        if (!result.Succeeded || output.Trim() != "ok")
            throw new DatabaseException($"the database is damaged: {FirstLines(output)} {result.LastWords}".TrimEnd());
    }

    /// <summary>The rows of each table of a database that nobody writes to.</summary>
    public Task<IReadOnlyDictionary<string, long>> CountAsync(string copy, CancellationToken cancellation) => new SqliteCounts(program).CountAsync(copy, cancellation);

    /// <summary>Runs a statement on a database that nobody writes to; returns its rows, or the program's words why not.</summary>
    public Task<(ProcessResult Result, string Rows)> QueryAsync(string copy, string sql, CancellationToken cancellation) =>
        RunAsync(Path.GetDirectoryName(copy)!, [Safe], Address(copy, immutable: true), [sql], cancellation);

    /// <exception cref="ProcessFailedException">The program is not here.</exception>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        var (_, output) = await RunningProcess.RunAsync(new Command(program, "--version"), cancellation);
        return output.Split(' ')[0].Trim();
    }

    private Task<(ProcessResult Result, string Output)> RunAsync(
        string directory, string[] options, string address, string[] commands, CancellationToken cancellation)
    {
        // -init: nobody's ~/.sqliterc may have a say in this.
        var command = new Command(program, ["-batch", "-bail", "-init", "/dev/null", .. options, address, .. commands]) { WorkingDirectory = directory };
        return RunningProcess.RunAsync(command, cancellation);
    }

    /// <summary>A path as SQLite's URI: every byte that could mean something is encoded.</summary>
    internal static string Address(string path, bool immutable)
    {
        var address = new StringBuilder("file:");
        foreach (var octet in Encoding.UTF8.GetBytes(path))
        {
            var plain = char.IsAsciiLetterOrDigit((char)octet) || "/._-".Contains((char)octet);
            address = plain ? address.Append((char)octet) : address.Append('%').Append(octet.ToString("X2"));
        }
        return address.Append(immutable ? "?immutable=1" : "?mode=ro").ToString();
    }

    private static bool IsClosed(string path) =>
        ReadHeader(path) is { Length: HeaderLength } header && header[ReadVersionOffset] == WriteAheadLog && !File.Exists(path + "-wal");

    private static (long Length, DateTime WrittenAt) Stamp(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? (file.Length, file.LastWriteTimeUtc) : default;
    }

    /// <summary>Up to the header's length; nothing if the file cannot be opened, which then shows where it is read.</summary>
    private static byte[] ReadHeader(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var header = new byte[HeaderLength];
            return header[..RandomAccess.Read(file, header, 0)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static void ThrowUnlessSuccess(ProcessResult result)
    {
        if (!result.Succeeded)
            throw Unreadable(result);
    }

    private static DatabaseException Unreadable(ProcessResult result)
    {
        var advice = result.LastWords switch
        {
            var words when words.Contains("locked", StringComparison.Ordinal) =>
                " Somebody holds a lock on it; stop that service while it is read (BACKUP_STOP_SERVICES).",
            var words when words.Contains("unable to open", StringComparison.Ordinal) =>
                " If it lies in a read-only mount and was not closed well, SQLite needs the mount to be writable.",
            _ => "",
        };
        return new DatabaseException($"SQLite cannot read the database: {result.LastWords}.{advice}");
    }

    private static string FirstLines(string text) => string.Join("; ", text.Split('\n', 4).Take(3));
}
