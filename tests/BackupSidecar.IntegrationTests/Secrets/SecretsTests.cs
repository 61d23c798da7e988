using System.Diagnostics;
using BackupSidecar.IntegrationTests.Stores;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Notifications;

namespace BackupSidecar.IntegrationTests.Secrets;

/// <summary>
/// A canary in every slot that can hold a secret, through every command, where all goes well and where much fails: none shows in what
/// is printed, written, sent, or to be seen in the list of processes.
/// </summary>
public sealed class SecretsTests(CephServer ceph, PostgresServer postgres, MariaDbServer mariaDb) : IClassFixture<PostgresServer>, IClassFixture<MariaDbServer>, IAsyncLifetime
{
    private static readonly string[][] Commands =
    [
        ["check"], ["backup"], ["list"], ["list", "--json"], ["verify"], ["verify", "--all", "--json", "--level", "stored"], ["prune", "--dry-run"], ["prune"],
        ["healthcheck"], ["restore", "latest"], ["restore", "2026-01-01-000000", "--yes"],
    ];

    private readonly Canaries _canaries = new();
    private readonly List<string> _leaks = [];
    private readonly BuiltProgram _program = new();
    private readonly FakePingServer _listener = new();
    private CommandLines _processes = null!; // Made in InitializeAsync.

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _processes = new CommandLines(_canaries);
        _program.Settings["BACKUP_DEBUG"] = "true";
        _program.Hook("pre-backup", "10-look", $"env >> '{_program.Path("hook-environment")}'");
        _program.Hook("post-backup", "10-look", $"env >> '{_program.Path("hook-environment")}'");
        _program.Hook("pre-restore", "10-look", $"env >> '{_program.Path("hook-environment")}'");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        await _listener.DisposeAsync();
        _program.Dispose();
    }

    /// <summary>A detector that finds nothing proves nothing.</summary>
    [Fact(Timeout = 600_000)]
    public async Task What_is_planted_is_found()
    {
        var canary = _canaries.For("planted");
        var bytes = System.Text.Encoding.UTF8.GetBytes($"x{canary}");
        foreach (var text in new[] { $"error: {canary}", $"cut off {canary[..15]}", $"the end {canary[10..]}", Convert.ToHexString(bytes), Convert.ToBase64String(bytes) })
            Assert.NotEmpty(_canaries.In(text));
        Assert.Empty(_canaries.In($"{Canaries.Mark} is not one"));
        await File.WriteAllTextAsync(_program.Path("state-of-it"), canary, Token);
        Assert.NotEmpty(_canaries.Below(_program.Path()));
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "read x", canary]) { UseShellExecute = false, RedirectStandardInput = true })!;
        while (_processes.Found.Count == 0)
            await Task.Delay(10, Token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task No_secret_shows_where_all_goes_well()
    {
        await SetUpEverythingAsync("", (name, value) => _program.Settings[name] = value);

        foreach (var format in new[] { "text", "json" })
        {
            _program.Settings["BACKUP_LOG_FORMAT"] = format;
            var ended = await RunAsync("backup", "--log-file", _program.Path("log"));
            Assert.True(ended.ExitCode == 0, ended.Everything);
            foreach (var command in Commands)
                await RunAsync(command);
        }
        await RunAsync("restore", "latest", "--to", _program.Path("looked-at"), "--yes");
        var restored = await RunAsync("restore", "latest", "--yes");

        Assert.True(restored.ExitCode == 0, restored.Everything);
        Assert.NotEqual(0, AssertNoLeaks());
    }

    [Fact(Timeout = 600_000)]
    public async Task No_secret_shows_that_was_given_by_a_file()
    {
        await SetUpEverythingAsync(" by _FILE", (name, value) =>
        {
            var file = _program.Path($"secret-of-{name}");
            File.WriteAllText(file, value + "\n");
            _program.Settings[name] = null;
            _program.Settings[name + "_FILE"] = file;
        });

        var ended = await RunAsync("backup");
        foreach (var command in Commands)
            await RunAsync(command);

        Assert.True(ended.ExitCode == 0, ended.Everything);
        AssertNoLeaks();
    }

    [Fact(Timeout = 600_000)]
    public async Task No_secret_shows_that_was_given_by_the_mounted_settings()
    {
        var lines = new List<string>();
        await SetUpEverythingAsync(" in the settings' file", (name, value) =>
        {
            _program.Settings[name] = null;
            lines.Add($"{name}='{value}'");
        });
        await File.WriteAllLinesAsync(_program.Path("secret-settings"), lines, Token);
        _program.Settings["BACKUP_CONFIG_FILE"] = _program.Path("secret-settings");

        var ended = await RunAsync("backup");
        foreach (var command in Commands)
            await RunAsync(command);

        Assert.True(ended.ExitCode == 0, ended.Everything);
        AssertNoLeaks();
    }

    /// <summary>Databases refuse, the store repeats in its answers all that it was sent, nobody can be told, and a hook prints what it knows.</summary>
    [Fact(Timeout = 600_000)]
    public async Task No_secret_shows_where_much_fails()
    {
        var bucket = await ceph.NewBucketAsync();
        await using var proxy = new FaultProxy(await ceph.HttpAsync(), request => new Fault.Answer(
            400, $"<Error><Code>ExpiredToken</Code><Message>{Echo(request)}</Message><AWSAccessKeyId>{Echo(request)}</AWSAccessKeyId></Error>"));
        await using var stranger = new FakePingServer();
        await using var redirecting = new FakePingServer([.. Enumerable.Repeat($"302 Found\r\nLocation: {stranger.Url}/{_canaries.For("answer of a webhook")}", 100)]);
        var key = _canaries.For("BACKUP_ENCRYPTION_KEY where much fails");
        var special = _canaries.For("password with special characters");
        foreach (var (name, value) in CephServer.Variables(proxy.Endpoint, bucket))
            _program.Settings[name] = value;
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["BACKUP_ENCRYPTION_KEY"] = key,
            ["BACKUP_SIGNING_KEY"] = _canaries.For("BACKUP_SIGNING_KEY where much fails"),
            ["BACKUP_DECRYPTION_KEY"] = $"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{_canaries.For("BACKUP_DECRYPTION_KEY, a line")}\n{_canaries.For("BACKUP_DECRYPTION_KEY, another")}\n-----END PGP PRIVATE KEY BLOCK-----",
            ["BACKUP_POSTGRES"] = $"postgresql://nobody:{_canaries.For("wrong password of PostgreSQL")}@127.0.0.1:{postgres.Port}/x",
            ["BACKUP_POSTGRES_1"] = $"postgresql://127.0.0.1:{postgres.Port}/y?user=postgres&password={_canaries.For("password as a parameter of PostgreSQL")}",
            ["BACKUP_POSTGRES_2"] = $"postgresql://postgres:{Uri.EscapeDataString($"{special}@:/ é\"")}@127.0.0.1:{postgres.Port}/z",
            ["BACKUP_POSTGRES_3"] = $"postgresql://postgres:{_canaries.For("password for a server that is not there")}@127.0.0.1:1/z",
            ["BACKUP_MYSQL"] = $"mysql://root:{_canaries.For("wrong password of MariaDB")}@{mariaDb.Address}/x",
            ["BACKUP_MYSQL_1"] = $"mysql://root:{_canaries.For("password of MySQL that is not there")}@127.0.0.1:1/x",
            ["BACKUP_MONGODB"] = $"mongodb://user:{_canaries.For("password of MongoDB")}@127.0.0.1:1/x?tlsCertificateKeyFilePassword={_canaries.For("key file's password of MongoDB")}",
            ["BACKUP_MONGODB_1"] = $"mongodb://127.0.0.1:1/y?authMechanismProperties=AWS_SESSION_TOKEN:{_canaries.For("session token of MongoDB")}",
            ["BACKUP_REDIS"] = $"redis://:{_canaries.For("password of Redis")}@127.0.0.1:1",
            ["BACKUP_REDIS_1"] = $"redis://{_canaries.For("lone password of Redis")}@127.0.0.1:1",
            ["BACKUP_REDIS_2"] = $"rediss://user:{_canaries.For("password of Redis over TLS")}@127.0.0.1:1",
            ["BACKUP_S3_ACCESS_KEY"] = _canaries.For("BACKUP_S3_ACCESS_KEY"),
            ["BACKUP_S3_SECRET_KEY"] = _canaries.For("BACKUP_S3_SECRET_KEY"),
            ["BACKUP_S3_SESSION_TOKEN"] = _canaries.For("BACKUP_S3_SESSION_TOKEN"),
            ["BACKUP_SUCCESS_WEBHOOK"] = $"http://user:{_canaries.For("user of the success webhook")}@127.0.0.1:1/{_canaries.For("path of the success webhook")}",
            ["BACKUP_FAILURE_WEBHOOK"] = $"{redirecting.Url}/{_canaries.For("path of the failure webhook")}?token={_canaries.For("query of the failure webhook")}",
            ["BACKUP_HEALTHCHECKS_URL"] = $"{redirecting.Url}/{_canaries.For("healthchecks")}",
            ["DOCKER_HOST"] = $"tcp://user:{_canaries.For("DOCKER_HOST")}@127.0.0.1:1",
            ["APP_TOKEN"] = _canaries.For("a variable of somebody else"),
        })
        {
            _program.Settings[name] = value;
        }
        _program.Hook("on-failure", "20-talk", $"echo 'the key is {key}' >&2; echo '{key}'; env; exit 1");

        foreach (var format in new[] { "text", "json" })
        {
            _program.Settings["BACKUP_LOG_FORMAT"] = format;
            var ended = await RunAsync("backup", "--log-file", _program.Path("log"));
            Assert.True(ended.ExitCode == 3, ended.Everything);
            foreach (var command in Commands)
                await RunAsync(command);
        }
        _program.Settings["BACKUP_STOP_SERVICES"] = "app";
        Assert.Equal(2, (await RunAsync("backup")).ExitCode);

        AssertNoLeaks();
        Assert.All(redirecting.Pings, ping => Assert.Empty(_canaries.In(ping.Text)));
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "BACKUP_ENCRYPTION_KEYS", "{0}" },
        { "BACKUP_S3_SECRET", "{0}" },
        { "BACKUP_POSTGRES", "postgresql://user:{0}@ho st/x" },
        { "BACKUP_POSTGRES", "postgresql://user:{0}@db/x?sslpassword={0}" },
        { "BACKUP_POSTGRES", "user:{0}@db" },
        { "BACKUP_POSTGRES", "\"postgresql://user:{0}@db/x" },
        { "BACKUP_POSTGRES_X", "postgresql://user:{0}@db/x" },
        { "BACKUP_MYSQL", "mysql://user:a@{0}@db/x" },
        { "BACKUP_MYSQL", "mysql://user:x@db/x?password={0}" },
        { "BACKUP_MYSQL", "mysql://user:x@db/x?{0}=1" },
        { "BACKUP_MONGODB", "mongodb://user:{0}:x@db" },
        { "BACKUP_MONGODB", "mongodb://user:a/{0}@db" },
        { "BACKUP_REDIS", "redis://:a@{0}@cache" },
        { "BACKUP_REDIS", "redis://cache/x?password={0}" },
        { "BACKUP_SUCCESS_WEBHOOK", "htps://example.com/{0}" },
        { "BACKUP_FAILURE_WEBHOOK", "example.com/{0}" },
        { "BACKUP_HEALTHCHECKS_URL", "https://exa mple.com/{0}" },
        { "BACKUP_S3_ENDPOINT", "https://user:{0}@s3.example.com" },
        { "BACKUP_S3_SESSION_TOKEN", "{0}" },
        { "BACKUP_S3_SECRET_KEY", "{0}" },
        { "DOCKER_HOST", "ssh://user:{0}@host" },
        { "GPG_PASSPHRASE", "{0}" },
        { "BACKUP_DECRYPTION_KEY_FILE", "/no/such/{0}" },
    };

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Faults))]
    public async Task No_secret_shows_in_what_is_said_of_faulty_settings(string name, string value)
    {
        var canary = _canaries.For($"{name}={value}");
        _program.Settings[name] = value.Replace("{0}", canary, StringComparison.Ordinal);
        if (name == "BACKUP_DECRYPTION_KEY_FILE")
        {
            // The path is no secret, but a key in the wrong place is: it is what people do with _FILE.
            _program.Settings[name] = canary;
        }

        foreach (var command in new[] { "backup", "check", "list", "healthcheck" })
            await RunAsync(command);

        AssertNoLeaks();
    }

    /// <summary>Everything that a good run can have, with secrets that work.</summary>
    private async Task SetUpEverythingAsync(string how, Action<string, string> give)
    {
        string Canary(string slot) => _canaries.For(slot + how);
        var (ofPostgres, ofMariaDb) = (Canary("BACKUP_POSTGRES"), Canary("BACKUP_MYSQL"));
        var name = "user_" + Guid.NewGuid().ToString("N")[..8];
        var database = await postgres.CreateDatabaseAsync();
        await postgres.QueryAsync(database, $"CREATE TABLE t AS SELECT generate_series(1, 1000) i; CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{ofPostgres}';");
        await mariaDb.QueryAsync($"CREATE DATABASE {name}; CREATE TABLE {name}.t (i int); INSERT INTO {name}.t VALUES (1); CREATE USER {name} IDENTIFIED BY '{ofMariaDb}'; GRANT ALL ON *.* TO {name};");
        _canaries.Watch("BACKUP_S3_SECRET_KEY of the server" + how, "testsecret");
        foreach (var (setting, value) in CephServer.Variables(await ceph.HttpAsync(), await ceph.NewBucketAsync()))
            give(setting, value);
        give("BACKUP_ENCRYPTION_KEY", Canary("BACKUP_ENCRYPTION_KEY"));
        give("BACKUP_SIGNING_KEY", Canary("BACKUP_SIGNING_KEY"));
        give("BACKUP_OLD_ENCRYPTION_KEY", Canary("BACKUP_OLD_ENCRYPTION_KEY"));
        give("BACKUP_OLD_SIGNING_KEY", Canary("BACKUP_OLD_SIGNING_KEY"));
        give("BACKUP_POSTGRES", $"postgresql://{name}:{ofPostgres}@127.0.0.1:{postgres.Port}/{database}");
        give("BACKUP_MYSQL", $"mysql://{name}:{ofMariaDb}@{mariaDb.Address}/{name}");
        give("BACKUP_SUCCESS_WEBHOOK", $"{_listener.Url}/{Canary("path of BACKUP_SUCCESS_WEBHOOK")}?token={Canary("query of BACKUP_SUCCESS_WEBHOOK")}");
        give("BACKUP_FAILURE_WEBHOOK", $"{_listener.Url}/{Canary("path of BACKUP_FAILURE_WEBHOOK")}");
        give("BACKUP_HEALTHCHECKS_URL", $"{_listener.Url}/{Canary("BACKUP_HEALTHCHECKS_URL")}");
        give("BACKUP_PRE_COMMAND", $": {Canary("BACKUP_PRE_COMMAND")}; sleep 0.2");
        give("BACKUP_POST_COMMAND", $": {Canary("BACKUP_POST_COMMAND")}; sleep 0.2");
        foreach (var foreign in new[] { "PGPASSWORD", "MYSQL_PWD", "REDISCLI_AUTH", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "APP_TOKEN" })
            _program.Settings[foreign] = Canary(foreign);
    }

    /// <summary>All that the client sent of itself, as servers repeat it in their errors.</summary>
    private static string Echo(ProxiedRequest request) =>
        string.Join(' ', request.Headers.AllKeys.Select(name => $"{name}: {request.Headers[name]}")).Replace("<", "", StringComparison.Ordinal).Replace("&", "", StringComparison.Ordinal);

    private async Task<Ended> RunAsync(params string[] arguments)
    {
        var ended = await _program.RunAsync(arguments);
        _leaks.AddRange(_canaries.In(ended.Everything).Select(found => $"{string.Join(' ', arguments)}: {found}\n{Lines(ended, found)}"));
        return ended;
    }

    private string Lines(Ended ended, string found) =>
        string.Join('\n', ended.Everything.Split('\n').Where(line => _canaries.In(line).Contains(found)).Take(3));

    /// <summary>Returns how many messages were looked at.</summary>
    private int AssertNoLeaks()
    {
        foreach (var folder in new[] { "state", "staging", "store", "looked-at" })
            _leaks.AddRange(_canaries.Below(_program.Path(folder)));
        foreach (var file in new[] { "hook-environment", "log" }.Select(name => _program.Path(name)).Where(File.Exists))
            _leaks.AddRange(_canaries.In(File.ReadAllBytes(file)).Select(found => $"{file}: {found}"));
        var pings = _listener.Pings.Select(ping => ping.Text).ToList();
        _leaks.AddRange(pings.SelectMany(_canaries.In).Select(found => $"what is told: {found}"));
        _leaks.AddRange(_processes.Found.Select(found => $"the list of processes: {found}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{_canaries.Count} canaries, {_processes.Rounds} looks at all processes");
        Assert.True(_leaks.Count == 0, string.Join('\n', _leaks.Distinct()));
        return pings.Count;
    }
}
