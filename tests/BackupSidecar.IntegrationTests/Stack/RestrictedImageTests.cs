using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.IntegrationTests.Stack;

/// <summary>
/// The image that ships, with as little as a container can be given: a root that cannot be written to, no capability, no new
/// privileges, 64 MiB of /tmp, and the engine's own filter of system calls.
/// </summary>
public sealed class RestrictedImageTests(PostgresServer database) : IClassFixture<PostgresServer>, IAsyncLifetime
{
    private const string Passphrase = "BACKUP_ENCRYPTION_KEY=a passphrase of the tests";

    private readonly TemporaryFolder _folder = new();
    private readonly string _volume = $"restricted-{Guid.NewGuid():N}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _folder.Dispose();
        await StackFixture.DockerAsync("volume", "rm", "--force", $"{_volume}-backups", $"{_volume}-local", $"{_volume}-state");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("0:0", Passphrase)]
    [InlineData("1000:1000", "BACKUP_ENCRYPTION_RECIPIENTS_FILE=/source/keys/recipients.asc")]
    public async Task Everything_that_its_user_owns_is_backed_up_and_comes_back(string user, string key)
    {
        _folder.Shell(
            """
            mkdir -p source/tree/sub source/keys; cd source; echo a > tree/a; echo b > tree/sub/b; chmod 600 tree/a; ln -s a tree/link; ln tree/a tree/again
            echo letter > letter.txt; sqlite3 app.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES (42);' > /dev/null
            """);
        if (user != "0:0")
            MakeKeys();
        _folder.Shell($"chown -R {user} source; chmod 755 .");
        var shop = await database.CreateDatabaseAsync();
        await database.QueryAsync(shop, "CREATE TABLE t AS SELECT i AS a FROM generate_series(1, 1000) i;");
        string[] settings =
        [
            "BACKUP_DIRS=/source/tree:tree", "BACKUP_FILES=/source/letter.txt:letter.txt", "BACKUP_SQLITE=/source/app.db:app",
            $"BACKUP_POSTGRES={(await database.ContainerUriAsync(shop)).Reveal()}", "BACKUP_DUMP_VIA=client", key,
            .. user == "0:0" ? Array.Empty<string>() : ["BACKUP_DECRYPTION_KEY_FILE=/source/keys/secret.asc", "BACKUP_SIGNING_KEY=a signature of the tests"],
        ];
        var before = Describe() + await ContentAsync(shop);

        var backup = await RunAsync(user, [], settings, "backup-sidecar backup && backup-sidecar list && backup-sidecar verify latest --level content");
        _folder.Shell("cd source; rm -r tree/sub; echo new > tree/a; echo new > tree/c; echo new > letter.txt; sqlite3 app.db 'DELETE FROM t'");
        await database.QueryAsync(shop, "DELETE FROM t WHERE a > 10;");
        var restore = await RunAsync(user, [], settings, "backup-sidecar restore latest --yes");

        Assert.True(backup.ExitCode == 0, backup.Errors);
        Assert.True(restore.ExitCode == 0, restore.Errors);
        Assert.DoesNotContain("[WARN]", restore.Output + restore.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Describe() + await ContentAsync(shop));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_root_may_not_read_or_give_back_is_named_with_the_capability_for_it()
    {
        _folder.Shell(
            """
            mkdir -p source/tree/shared source/vault; cd source; echo mine > tree/mine; echo theirs > tree/theirs; echo secret > vault/secret; echo letter > letter.txt
            sqlite3 app.db 'CREATE TABLE t(a); INSERT INTO t VALUES (42);'
            chown 999:33 tree/theirs tree/shared vault app.db letter.txt; chmod 600 tree/theirs app.db letter.txt; chmod 700 vault; chmod 2775 tree/shared; chmod 755 ..
            """);
        string[] settings = ["BACKUP_DIRS=/source/tree:tree,/source/vault:vault", "BACKUP_FILES=/source/letter.txt", "BACKUP_SQLITE=/source/app.db:app", Passphrase];
        var before = Describe();
        string[] reading = ["DAC_READ_SEARCH"];

        var blind = await RunAsync("0:0", [], settings, "backup-sidecar backup");
        var backup = await RunAsync("0:0", reading, settings, "backup-sidecar backup");
        _folder.Shell("cd source; echo changed > tree/theirs; echo changed > vault/secret; rm tree/mine; chmod 600 letter.txt");
        var spoiled = Describe();
        var refused = await RunAsync("0:0", reading, settings, "backup-sidecar restore latest --yes");
        var untouched = Describe();
        var look = await RunAsync("0:0", reading, settings, "backup-sidecar restore latest --yes --to /backups/look && cat /backups/look/tree/theirs /backups/look/vault/secret");
        var restore = await RunAsync("0:0", ["CHOWN", "FOWNER", "DAC_OVERRIDE", "FSETID"], settings, "backup-sidecar restore latest --yes");

        Assert.Equal((3, 0, 1, 0, 0), (blind.ExitCode, backup.ExitCode, refused.ExitCode, look.ExitCode, restore.ExitCode));
        foreach (var source in new[] { "theirs: Cannot open", "vault (/source/vault)", "letter.txt (/source/letter.txt)", "sqlite-app.db (/source/app.db)" })
            Assert.Contains(source, blind.Errors, StringComparison.Ordinal);
        Assert.Contains("lacks the capability DAC_READ_SEARCH (cap_add: [DAC_READ_SEARCH])", blind.Errors, StringComparison.Ordinal);
        Assert.Contains("lacks CHOWN, FOWNER, DAC_OVERRIDE, FSETID", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("Nothing was touched", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(spoiled, untouched);
        Assert.EndsWith("theirs\nsecret\n", look.Output, StringComparison.Ordinal);
        Assert.Contains("in 'tree' belonged to other users or groups", look.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Describe());
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_it_may_not_write_it_says_what_is_missing()
    {
        _folder.Shell("mkdir -p source/theirs; chown 999 source/theirs; chmod 755 .");

        var result = await RunAsync("0:0", [], ["BACKUP_DIRS=/source", Passphrase], """
            BACKUP_LOCAL_PATH=/source/theirs backup-sidecar check
            BACKUP_STATE_DIR=/state backup-sidecar backup
            """);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("it lacks the capability DAC_OVERRIDE (cap_add: [DAC_OVERRIDE])", result.Output, StringComparison.Ordinal);
        Assert.Contains("BACKUP_STATE_DIR: /state cannot be written to: Read-only file system", result.Errors, StringComparison.Ordinal);
        Assert.Contains("Mount a volume there", result.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_leaves_nothing_in_tmp_and_no_picture_of_its_memory()
    {
        _folder.Shell("mkdir source; echo a > source/a; chmod 755 .");

        var result = await RunAsync("0:0", [], ["BACKUP_DIRS=/source", "BACKUP_PRE_COMMAND=ls -A /tmp > /backups/during; ulimit -Hc >> /backups/during", Passphrase],
            "backup-sidecar backup && cat /backups/during && ls -A /tmp");

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.EndsWith("\n0\n", "\n" + result.Output, StringComparison.Ordinal);
    }

    /// <summary>In a container that is given the capabilities named and no others.</summary>
    private Task<ExecResult> RunAsync(string user, string[] capabilities, string[] settings, string script) => StackFixture.DockerAsync(
    [
        "run", "--rm", "--user", user, "--read-only", "--cap-drop", "ALL", .. capabilities.SelectMany(capability => new[] { "--cap-add", capability }),
        "--security-opt", "no-new-privileges", "--tmpfs", "/tmp:size=64m",
        "--volume", $"{_volume}-backups:/backups", "--volume", $"{_volume}-local:/backups-local", "--volume", $"{_volume}-state:/var/lib/backup-sidecar",
        "--volume", $"{_folder["source"]}:/source",
        "--env", "BACKUP_NAME=small", "--env", "BACKUP_LOCAL_PATH=/backups-local", .. settings.SelectMany(setting => new[] { "--env", setting }),
        StackFixture.Image, "bash", "-c", script,
    ]);

    private void MakeKeys() => _folder.Shell(
        """
        mkdir -m 700 gnupg; export GNUPGHOME=$PWD/gnupg
        gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key one future-default default never 2> /dev/null
        gpg --batch --armor --export one > source/keys/recipients.asc
        gpg --batch --quiet --pinentry-mode loopback --passphrase '' --armor --export-secret-keys one > source/keys/secret.asc
        gpgconf --kill all
        """);

    private string Describe() => _folder.Shell(
        """
        cd source; find . -name 'app.db*' -prune -o -printf '%P|%y|%m|%U:%G|%l|%n\n' | sort
        stat -c '%a %u:%g' app.db; find . -name 'app.db*' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; sqlite3 app.db 'SELECT sum(a) FROM t'
        """);

    private async Task<string> ContentAsync(string shop) => await database.QueryAsync(shop, "SELECT count(*), sum(a) FROM t;");
}
