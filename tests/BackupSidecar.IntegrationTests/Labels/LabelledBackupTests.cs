using System.Security.Cryptography;
using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Model;
using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Stores;

namespace BackupSidecar.IntegrationTests.Labels;

/// <summary>
/// Databases that ask by labels for their backup: each is one dump that stock tools restore by hand, and the program as well; and
/// whatever ends a run in its middle, nothing that is left looks like a backup.
/// </summary>
public sealed class LabelledBackupTests(CephServer ceph) : IDisposable
{
    private readonly BuiltProgram _program = new()
    {
        Settings = { ["BACKUP_NAME"] = null, ["BACKUP_DIRS"] = null, ["BACKUP_LABELS"] = "on", ["BACKUP_LABEL_SCOPE"] = "all", ["BACKUP_ENCRYPTION_KEY"] = null },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_PostgreSQL_dump_is_restored_by_hand_and_by_the_program()
    {
        await using var server = await PostgresAsync("backup.prefix=/prod/");
        await server.ShellAsync("psql -qU postgres app -c \"CREATE TABLE t AS SELECT g, md5(g::text) AS v FROM generate_series(1, 5000) g\"");
        const string Digest = "SELECT count(*), md5(string_agg(v, '' ORDER BY g)) FROM t";
        var before = await server.ShellAsync($"psql -AtU postgres app -c \"{Digest}\"");

        var ended = await _program.RunAsync("backup", "--container", server.Name);

        Assert.True(ended.ExitCode == 0, ended.Everything);
        var dump = Assert.Single(Dumps("prod"));
        var metadata = await MetadataAsync(dump);
        Assert.Equal(await BashAsync($"sha256sum < '{dump}' | cut -d' ' -f1"), metadata.GetProperty("checksum").GetString());
        Assert.Equal(new FileInfo(dump).Length, metadata.GetProperty("backup_size_bytes").GetInt64());
        Assert.Equal((dump, "postgres", server.Name), (metadata.GetProperty("destination").GetString(), metadata.GetProperty("database_type").GetString(), metadata.GetProperty("container_name").GetString()));
        Assert.Matches(@"/prod/postgres-app-[0-9]{14}\.dump\.gz$", dump);

        await server.ShellAsync("createdb -U postgres byhand");
        await BashAsync($"gunzip -c '{dump}' | docker exec -i {server.Name} pg_restore -U postgres -d byhand --exit-on-error");
        Assert.Equal(before, await server.ShellAsync($"psql -AtU postgres byhand -c \"{Digest}\""));

        await server.ShellAsync("psql -qU postgres app -c 'DELETE FROM t WHERE g > 7'");
        ended = await _program.RunAsync("restore", server.Name, "--yes");
        Assert.True(ended.ExitCode == 0, ended.Everything);
        Assert.Equal(before, await server.ShellAsync($"psql -AtU postgres app -c \"{Digest}\""));

        var listed = (await _program.RunAsync("list", "--json")).Json;
        Assert.Equal(("complete", server.Name), (listed[0].GetProperty("state").GetString(), listed[0].GetProperty("container").GetString()));
        Assert.Contains(server.Name, (await _program.RunAsync("list")).Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_MySQL_dump_in_S3_for_a_public_key_is_restored_by_hand_and_by_the_program()
    {
        await using var server = await LabelledDatabaseContainer.RunAsync(
            "mysql", "mysql://root:secret@HOST:3306/shop", ["backup.dest=s3", "backup.prefix=a/b"], "--env", "MARIADB_ROOT_PASSWORD=secret", "test/maria");
        const string Client = "mariadb -uroot -psecret --protocol=tcp -h127.0.0.1 -BN";
        await server.WhenReadyAsync($"{Client} -e 'SELECT 1'");
        await server.ShellAsync($"{Client} -e \"CREATE DATABASE shop; USE shop; CREATE TABLE t(g INT PRIMARY KEY, v TEXT); INSERT INTO t SELECT seq, md5(seq) FROM seq_1_to_3000\"");
        const string Digest = "SELECT count(*), md5(group_concat(v ORDER BY g)) FROM t";
        var before = await server.ShellAsync($"{Client} shop -e '{Digest}'");
        var bucket = await ceph.NewBucketAsync();
        foreach (var (name, value) in CephServer.Variables(await ceph.HttpAsync(), bucket))
            _program.Settings[name] = value;
        await BashAsync(
            $"""
            set -e; export GNUPGHOME={_program.Path()}/g; mkdir -m 700 $GNUPGHOME
            gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key one future-default default never 2> /dev/null
            gpg --armor --export > {_program.Path("public.asc")}
            gpg --batch --pinentry-mode loopback --passphrase '' --armor --export-secret-keys > {_program.Path("secret.asc")}
            """);
        _program.Settings["BACKUP_ENCRYPTION_RECIPIENTS_FILE"] = _program.Path("public.asc");
        // Nobody gives a dump of MySQL to a client that no key vouches for.
        _program.Settings["BACKUP_SIGNING_KEY"] = BuiltProgram.Passphrase;

        var ended = await _program.RunAsync("backup", "--container", server.Name);

        Assert.True(ended.ExitCode == 0, ended.Everything);
        Assert.Empty(Dumps("."));
        using var client = await ceph.AdminAsync();
        var keys = (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token)).S3Objects.ConvertAll(found => found.Key);
        var key = Assert.Single(keys, found => found.EndsWith(".gpg", StringComparison.Ordinal));
        Assert.Matches(@"^a/b/mysql-shop-[0-9]{14}\.sql\.gz\.gpg$", key);
        Assert.Equal([key, key + ".metadata.json"], keys);
        var stored = await DownloadAsync(client, bucket, key);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(stored)), JsonDocument.Parse(await DownloadAsync(client, bucket, key + ".metadata.json")).RootElement.GetProperty("checksum").GetString());

        await File.WriteAllBytesAsync(_program.Path("downloaded"), stored, Token);
        await server.ShellAsync($"{Client} -e 'CREATE DATABASE byhand'");
        await BashAsync($"set -o pipefail; GNUPGHOME={_program.Path()}/g gpg --batch --quiet -d {_program.Path("downloaded")} | gunzip | docker exec -i {server.Name} {Client} byhand; gpgconf --homedir {_program.Path()}/g --kill all");
        Assert.Equal(before, await server.ShellAsync($"{Client} byhand -e '{Digest}'"));

        await server.ShellAsync($"{Client} shop -e 'DELETE FROM t WHERE g > 7'");
        _program.Settings["BACKUP_DECRYPTION_KEY_FILE"] = _program.Path("secret.asc");
        ended = await _program.RunAsync("restore", key, "--yes");
        Assert.True(ended.ExitCode == 0, ended.Everything);
        Assert.Equal(before, await server.ShellAsync($"{Client} shop -e '{Digest}'"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_Redis_snapshot_is_signed_with_the_passphrase_and_what_was_changed_is_refused()
    {
        await using var server = await RedisAsync();
        await server.ShellAsync("for i in $(seq 1 200); do echo SET k$i v$i; done | redis-cli > /dev/null");
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = BuiltProgram.Passphrase;

        var ended = await _program.RunAsync("backup", "--container", server.Name);

        Assert.True(ended.ExitCode == 0, ended.Everything);
        var dump = Assert.Single(Dumps("."));
        Assert.EndsWith(".rdb.gz.gpg", dump, StringComparison.Ordinal);
        Assert.StartsWith("REDIS", await BashAsync($"gpg --batch --quiet --no-autostart --pinentry-mode loopback --passphrase '{BuiltProgram.Passphrase}' -d '{dump}' 2> /dev/null | gunzip | head -c 5"), StringComparison.Ordinal);

        await server.ShellAsync("redis-cli FLUSHALL > /dev/null");
        ended = await _program.RunAsync("restore", server.Name, "--yes");
        Assert.True(ended.ExitCode == 0, ended.Everything);
        Assert.DoesNotContain("NOT AUTHENTICATED", ended.Everything, StringComparison.Ordinal);
        Assert.Equal("200 v77", await server.WhenReadyAsync("echo $(redis-cli DBSIZE) $(redis-cli GET k77)"));

        var metadata = await File.ReadAllTextAsync(dump + ".metadata.json", Token);
        await File.WriteAllTextAsync(dump + ".metadata.json", metadata.Replace("\"redis-cli", "\"redis-cl1", StringComparison.Ordinal), Token);
        Assert.Equal(5, (await _program.RunAsync("restore", server.Name, "--yes")).ExitCode);
        await File.WriteAllTextAsync(dump + ".metadata.json", metadata, Token);
        await BashAsync($"printf X | dd of='{dump}' bs=1 seek=100 conv=notrunc 2> /dev/null");
        Assert.Equal(5, (await _program.RunAsync("restore", server.Name, "--yes")).ExitCode);
        Assert.Equal("200", await server.ShellAsync("redis-cli DBSIZE"));
    }

    [Fact(Timeout = 600_000)]
    public async Task Nothing_is_pruned_for_a_claim_and_what_a_container_that_is_gone_asked_for_holds()
    {
        _program.Settings["BACKUP_RETENTION_MIN"] = "1";
        await using var other = await RedisAsync("backup.prefix=other", "backup.retention=1s");
        string[] compose = ["com.docker.compose.project=claimed", "com.docker.compose.service=db", "backup.prefix=shop", "backup.retention=1s"];
        await using (var first = await RedisAsync(compose))
        {
            await using (var claiming = await RedisAsync(compose))
            {
                var refused = await _program.RunAsync("backup", "--container", claiming.Name);
                Assert.Equal(2, refused.ExitCode);
                Assert.Contains($"the same container as {first.Name}", refused.Everything, StringComparison.Ordinal);
                Assert.Contains("\"verdict\": \"duplicate\"", (await _program.RunAsync("explain", claiming.Name, "--json")).Output, StringComparison.Ordinal);
                for (var run = 0; run < 2; run++)
                {
                    var ended = await _program.RunAsync("backup", "--container", first.Name);
                    Assert.True(ended.ExitCode == 0, ended.Everything);
                    Assert.Contains($"Retention is left out: by its labels {claiming.Name} is the same container", ended.Everything, StringComparison.Ordinal);
                }
                var pruned = await _program.RunAsync("prune", "--force");
                Assert.Equal(3, pruned.ExitCode);
                Assert.Contains($"claimed/db/1: by its labels {claiming.Name} is the same container", pruned.Errors, StringComparison.Ordinal);
            }
        }
        Assert.Equal(2, Dumps("shop").Count());

        // As on the next day.
        File.Delete(_program.Path("state", "labels.swept"));
        Assert.Equal(0, (await _program.RunAsync("backup", "--container", other.Name)).ExitCode);

        Assert.Single(Dumps("shop"));
        Assert.Single(Dumps("other"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_run_that_is_killed_or_hangs_leaves_nothing_that_looks_like_a_backup()
    {
        await using var server = await RedisAsync("backup.prefix=deep/er");
        await server.ShellAsync("redis-cli SET k v > /dev/null");
        foreach (var point in (string[])["DumpEnded", "SpoolSealed", "BeforeLocalRename", "BeforeManifest"])
        {
            var killed = await FailingAsync($"kill {point}", "backup", "--container", server.Name);
            Assert.Equal((137, 0), (killed.ExitCode, await ListedAsync()));
        }

        _program.Settings["BACKUP_LABEL_TIMEOUT"] = "3s";
        var hung = await FailingAsync("hang BeforeManifest", "backup", "--container", server.Name);
        Assert.Equal((1, 0), (hung.ExitCode, await ListedAsync()));
        Assert.Contains("BACKUP_LABEL_TIMEOUT", hung.Everything, StringComparison.Ordinal);
        Assert.Contains("was killed before it ended", hung.Everything, StringComparison.Ordinal);

        _program.Settings["BACKUP_LABEL_TIMEOUT"] = null;
        var ended = await FailingAsync(null, "backup", "--container", server.Name);
        Assert.True(ended.ExitCode == 0, ended.Everything);
        Assert.Equal(1, await ListedAsync());
    }

    [Fact(Timeout = 600_000)]
    public async Task A_disk_that_is_full_ends_the_run_and_the_next_one_succeeds()
    {
        using var disk = new SmallFileSystem(size: 64 << 20);
        _program.Settings["BACKUP_LOCAL_PATH"] = disk.Path;
        await using var server = await PostgresAsync();
        await server.ShellAsync("psql -qU postgres app -c \"CREATE TABLE t AS SELECT string_agg(md5(random()::text), '') AS v FROM generate_series(1, 400000) g GROUP BY g % 1000\"");
        disk.Leave(1 << 20);

        var ended = await _program.RunAsync("backup", "--container", server.Name);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("no space", ended.Everything, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, await ListedAsync());
        Assert.All(Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories), file => Assert.Equal(OwnNames.StoreMark, Path.GetFileName(file)));

        disk.Leave(48 << 20);
        Assert.Equal(0, (await _program.RunAsync("backup", "--container", server.Name)).ExitCode);
        Assert.Equal(1, await ListedAsync());
        Assert.Equal(0, (await _program.RunAsync("backup", "--container", server.Name)).ExitCode);
        Assert.Equal(2, await ListedAsync());

        // What its rules let go makes room for the next one, and no more goes than that.
        (_program.Settings["BACKUP_LABEL_RETENTION"], _program.Settings["BACKUP_RETENTION_MIN"]) = ("1s", "1");
        disk.Leave(1 << 20);
        ended = await _program.RunAsync("backup", "--container", server.Name);
        Assert.Equal((1, 1), (ended.ExitCode, await ListedAsync()));
        Assert.Equal(0, (await _program.RunAsync("backup", "--container", server.Name)).ExitCode);
    }

    private static async Task<LabelledDatabaseContainer> PostgresAsync(params string[] labels)
    {
        var server = await LabelledDatabaseContainer.RunAsync(
            "postgres", "postgres://postgres:secret@HOST:5432/app", labels, "--env", "POSTGRES_PASSWORD=secret", "--env", "POSTGRES_DB=app", "test/pg");
        await server.WhenReadyAsync("psql -h127.0.0.1 -AtU postgres 'dbname=app password=secret' -c 'SELECT 1'");
        return server;
    }

    private static async Task<LabelledDatabaseContainer> RedisAsync(params string[] labels)
    {
        var server = await LabelledDatabaseContainer.RunAsync(
            "redis", "redis://HOST:6379/0", labels, "test/redis", "redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data", "--repl-diskless-sync-delay", "0");
        await server.WhenReadyAsync("redis-cli PING | grep PONG");
        return server;
    }

    private IEnumerable<string> Dumps(string prefix) => Directory.Exists(_program.Path("store", prefix))
        ? Directory.GetFiles(_program.Path("store", prefix)).Where(file => Path.GetFileName(file) is var name && name[0] != '.' && !name.EndsWith(".json", StringComparison.Ordinal)).Select(Path.GetFullPath)
        : [];

    private static async Task<JsonElement> MetadataAsync(string dump) => JsonDocument.Parse(await File.ReadAllTextAsync(dump + ".metadata.json", Token)).RootElement;

    /// <summary>How many backups the list calls complete.</summary>
    private async Task<int> ListedAsync() =>
        (await _program.RunAsync("list", "--json")).Json.EnumerateArray().Count(backup => backup.GetProperty("state").GetString() == "complete");

    private async Task<Ended> FailingAsync(string? orders, params string[] arguments)
    {
        _program.Settings[FailpointFile.Variable] = null;
        if (orders is not null)
        {
            await File.WriteAllTextAsync(_program.Path("orders"), $"{FailpointFile.Sentence}\n{orders}\n", Token);
            _program.Settings[FailpointFile.Variable] = _program.Path("orders");
        }
        return await _program.RunAsync(arguments);
    }

    private static async Task<byte[]> DownloadAsync(AmazonS3Client client, string bucket, string key)
    {
        using var answer = await client.GetObjectAsync(bucket, key, Token);
        using var content = new MemoryStream();
        await answer.ResponseStream.CopyToAsync(content, Token);
        return content.ToArray();
    }

    private static async Task<string> BashAsync(string script)
    {
        var command = new Command("bash", "-c", script);
        var (result, output) = await RunningProcess.RunAsync(command, Token);
        return result.Succeeded ? output.Trim() : throw ProcessFailedException.For(command, result);
    }
}
