using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.Archives;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Stores.Local;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Verification;

namespace BackupSidecar.IntegrationTests.Drills;

/// <summary>
/// What may be wrong with a stored backup, for each engine: an intact one passes every level, and each mutilation is refused by the
/// level that claims to see it, with words that say what is wrong.
/// </summary>
public sealed class MutilationTests : IAsyncLifetime
{
    private const string Password = "the password";

    private readonly DrillStack _stack = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>All engines in a long run; where their archives are cut, flipped and swapped does not depend on the engine.</summary>
    public static TheoryData<string> Engines => LongRun.IsWanted
        ? [SourceKind.Postgres, SourceKind.Mysql, SourceKind.Redis, SourceKind.Sqlite, SourceKind.Directory]
        : [SourceKind.Directory];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Engines))]
    public async Task Every_mutilation_is_refused_by_a_drill_and_an_intact_backup_is_not(string engine)
    {
        await StartAsync(engine);
        // Of another length for certain; both may be made in the same second.
        _stack.Program.Settings["BACKUP_COMPRESSION"] = "none";
        await _stack.BackUpAsync();
        _stack.Program.Settings["BACKUP_COMPRESSION"] = null;
        await _stack.BackUpAsync();
        var (other, name) = (Archives()[0], Archives()[1]);
        using var store = new LocalStore(_stack.Program.Path("store"), _stack.Name, TimeProvider.System);
        var (archive, manifest) = (await File.ReadAllBytesAsync(PathOf(name.FileName), Token), await File.ReadAllBytesAsync(PathOf(name.ManifestFileName), Token));

        foreach (var (what, damage) in StoredDamage.All)
        {
            await damage.DoAsync(store, name, other, Token);
            // Without its manifest, one that was made this minute may still be on its way.
            if (File.Exists(PathOf(name.FileName)))
                File.SetLastWriteTimeUtc(PathOf(name.FileName), DateTime.UtcNow.AddHours(-1));
            var ended = await _stack.DrillAsync(name.FileName);
            await File.WriteAllBytesAsync(PathOf(name.FileName), archive, Token);
            await File.WriteAllBytesAsync(PathOf(name.ManifestFileName), manifest, Token);

            Assert.True(ended.ExitCode == 5, $"{what}: {ended.ExitCode}\n{ended.Everything}");
            Assert.True(Copy(ended).GetProperty("problem").GetString()!.Contains(damage.Words, StringComparison.Ordinal), $"{what}: {ended.Everything}");
        }
        var intact = await _stack.DrillAsync(name.FileName);
        Assert.True(intact.ExitCode == 0, intact.Everything);
        Assert.Equal(("good", "restore"), (Copy(intact).GetProperty("result").GetString(), Copy(intact).GetProperty("level").GetString()));
        Assert.Empty(await _stack.LeftoversAsync());
    }

    /// <summary>
    /// The archive is packed and its manifest signed anew, as if the program had made it so: only what reads the dump itself can see it.
    /// </summary>
    [Theory(Timeout = 300_000)]
    [InlineData(SourceKind.Postgres)]
    [InlineData(SourceKind.Mysql)]
    [InlineData(SourceKind.Redis)]
    [InlineData(SourceKind.Sqlite)]
    public async Task A_dump_that_is_cut_in_an_intact_archive_is_refused_by_content(string engine)
    {
        await StartAsync(engine);
        await _stack.BackUpAsync();
        await RepackAsync("truncate --size=-100 \"$1/$2\"", source => source with { Bytes = source.Bytes - 100 });

        var stored = await _stack.Program.RunAsync("verify", "--level", "stored", "--json");
        var content = await _stack.Program.RunAsync("verify", "--level", "content", "--json");

        Assert.True(stored.ExitCode == 0, stored.Everything);
        Assert.True(content.ExitCode == 5, content.Everything);
        Assert.Contains("is no good dump", content.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_file_that_is_missing_in_an_intact_archive_is_refused_by_content()
    {
        await StartAsync(SourceKind.Directory);
        await _stack.BackUpAsync();
        await RepackAsync("""rm "$1/data/letter.txt" """, source => source);

        var stored = await _stack.Program.RunAsync("verify", "--level", "stored", "--json");
        var content = await _stack.Program.RunAsync("verify", "--level", "content", "--json");

        Assert.True(stored.ExitCode == 0, stored.Everything);
        Assert.True(content.ExitCode == 5, content.Everything);
        Assert.Contains("'data'", Copy(content).GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    private async Task StartAsync(string engine)
    {
        var settings = _stack.Program.Settings;
        if (engine != SourceKind.Directory)
            settings["BACKUP_DIRS"] = null;
        switch (engine)
        {
            case SourceKind.Postgres:
                var postgres = await _stack.StartAsync("test/pg", ["--env", $"POSTGRES_PASSWORD={Password}"]);
                string[] psql = ["psql", $"--dbname=postgresql://postgres:{Uri.EscapeDataString(Password)}@127.0.0.1/postgres"];
                await DrillStack.UntilAsync(postgres, [.. psql, "--command=SELECT 1"]);
                await DockerCli.RunAsync(["exec", postgres, .. psql, "--command=CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 1000) i"]);
                settings["BACKUP_POSTGRES"] = $"postgresql://postgres:{Uri.EscapeDataString(Password)}@{postgres}/postgres";
                break;
            case SourceKind.Mysql:
                var mysql = await _stack.StartAsync("test/maria", ["--env", $"MARIADB_ROOT_PASSWORD={Password}", "--env", "MARIADB_DATABASE=shop"]);
                string[] mariadb = ["mariadb", "--host=127.0.0.1", "--user=root", $"--password={Password}", "shop"];
                await DrillStack.UntilAsync(mysql, [.. mariadb, "--execute=SELECT 1"]);
                await DockerCli.RunAsync(["exec", mysql, .. mariadb, "--execute=CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t SELECT seq FROM seq_1_to_1000"]);
                settings["BACKUP_MYSQL"] = $"mysql://root:{Uri.EscapeDataString(Password)}@{mysql}/shop";
                break;
            case SourceKind.Redis:
                var redis = await _stack.StartAsync("test/redis", [], "redis-server", "--dir", "/data", "--save", "");
                await DrillStack.UntilAsync(redis, "redis-cli", "PING");
                await DockerCli.RunAsync("exec", redis, "redis-cli", "EVAL", "for i = 1, 1000 do redis.call('SET', i, i) end", "0");
                settings["BACKUP_REDIS"] = $"redis://{redis}";
                break;
            case SourceKind.Sqlite:
                await ShellAsync("""sqlite3 "$1" 'CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT i FROM n'""", _stack.Program.Path("app.db"));
                settings["BACKUP_SQLITE"] = _stack.Program.Path("app.db");
                break;
            default:
                await ShellAsync("""head -c 100000 /dev/urandom > "$1/noise"; seq 1000 > "$1/numbers" """, _stack.Program.Path("source"));
                break;
        }
    }

    /// <summary>Unpacks the one archive with stock tools, lets a script change what it holds, packs it again and signs a manifest that fits.</summary>
    /// <param name="script">Gets the folder as $1 and the name of the one source's entry as $2.</param>
    /// <param name="change">What the manifest says of that source then, but for the digest of a dump.</param>
    private async Task RepackAsync(string script, Func<ManifestSource, ManifestSource> change)
    {
        const string Gpg = """export GNUPGHOME=$1; gpg() { command gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$1/key" "${@:2}"; }; """;
        var archive = PathOf(Archives().Single().FileName);
        var entry = "";
        _stack.Forge(source =>
        {
            entry = source.Entry;
            return source;
        });
        var work = Directory.CreateTempSubdirectory("backup-sidecar-repacked-");
        try
        {
            var unpacked = work.CreateSubdirectory("unpacked").FullName;
            await File.WriteAllTextAsync(Path.Combine(work.FullName, "key"), BuiltProgram.Passphrase, Token);
            await ShellAsync(Gpg + """gpg "$1" --decrypt "$2" | tar --extract --gzip --directory "$1/unpacked" """, work.FullName, archive);
            await ShellAsync(script, unpacked, entry);
            await ShellAsync(
                Gpg + """rm "$2"; tar --create --gzip --directory "$1/unpacked" "$3" RESTORE.txt manifest.json | gpg "$1" --symmetric --cipher-algo AES256 --output "$2"; gpgconf --kill gpg-agent""",
                work.FullName, archive, entry);
            var dump = Path.Combine(unpacked, entry);
            var digest = File.Exists(dump) ? await DigestAsync(dump) : null;
            _stack.Forge(source => change(source) with { Sha256 = digest }, new StoredArchive(new FileInfo(archive).Length, await DigestAsync(archive)));
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private List<ArchiveName> Archives() => [.. Directory.GetFiles(_stack.Program.Path("store", _stack.Name), "*.gpg").Order(StringComparer.Ordinal)
        .Select(path => ArchiveName.TryParse(Path.GetFileName(path), _stack.Name, out var name) ? name : throw new InvalidOperationException($"{path} is no archive."))];

    private string PathOf(string file) => _stack.Program.Path("store", _stack.Name, file);

    private static JsonElement Copy(Ended ended) => ended.Json.GetProperty("copies")[0];

    private static async Task<string> DigestAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, Token));
    }

    private static async Task ShellAsync(string script, params string[] arguments)
    {
        var (result, _) = await RunningProcess.RunAsync(new Command("bash", ["-euo", "pipefail", "-c", script, "bash", .. arguments]), Token);
        Assert.True(result.ExitCode == 0, result.LastWords);
    }
}
