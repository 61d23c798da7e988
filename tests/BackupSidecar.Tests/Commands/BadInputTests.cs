namespace BackupSidecar.Tests.Commands;

/// <summary>What bad input gets: exit code 2, one message for each fault, no secret in it, and nothing touched.</summary>
public sealed class BadInputTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Theory(Timeout = TimeLimit)]
    [InlineData("BACKUP_NAME", null, "BACKUP_NAME: it is required")]
    [InlineData("BACKUP_NAME", "a/b", "cannot be a name")]
    [InlineData("BACKUP_LOCAL_PATH", null, "there is nowhere to store backups")]
    [InlineData("BACKUP_DIRS", null, "there is nothing to back up")]
    [InlineData("BACKUP_POSTGRES", "postgresql://user:hunter2secret@stray@db/shop", "BACKUP_POSTGRES: where its password ends cannot be told")]
    [InlineData("BACKUP_MONGODB", "mongo://user:hunter2secret@db/shop", "BACKUP_MONGODB: it does not begin with")]
    [InlineData("BACKUP_SCHEDUEL", "0 3 * * *", "Is BACKUP_SCHEDULE meant?")]
    [InlineData("BACKUP_SCHEDULE", "61 3 * * *", "Example: 0 3 * * *")]
    [InlineData("BACKUP_RETENTION_DAYS", "-1", "'-1' is not a whole number from 0")]
    [InlineData("BACKUP_ENCRYPTION_KEY", "", "it is set but blank")]
    [InlineData("BACKUP_ENCRYPTION_KEY_FILE", "/run/secrets/key", "only one of them may be")]
    [InlineData("BACKUP_SUCCESS_WEBHOOK", "ftp://user:hunter2secret@host/", "BACKUP_SUCCESS_WEBHOOK: it is not an address")]
    [InlineData("TZ", "Mars/Phobos", "TZ: 'Mars/Phobos' is not the name of a time zone")]
    public async Task A_fault_ends_every_command_with_2_before_anything_is_touched(string setting, string? value, string message)
    {
        _program.Settings[setting] = value;

        foreach (var command in new[] { "backup", "run", "check" })
        {
            var ended = await _program.RunAsync(command);

            Assert.Equal(2, ended.ExitCode);
            Assert.Contains(message, ended.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2secret", ended.Everything, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_program.Path("state")));
            Assert.Empty(_program.Stored);
        }
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Faults_of_settings_and_schedule_are_told_together()
    {
        _program.Settings["BACKUP_NAME"] = null;
        _program.Settings["BACKUP_RETENTION_DAYS"] = "many";
        _program.Settings["BACKUP_SCHEDULE"] = "now and then";
        _program.Settings["BACKUP_VERIFY_SCHEDULE"] = "never";

        Assert.Equal(["BACKUP_NAME", "BACKUP_RETENTION_DAYS", "BACKUP_SCHEDULE", "BACKUP_VERIFY_SCHEDULE"], Faulty(await _program.RunAsync("backup")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Faults_of_plan_and_schedule_are_told_together()
    {
        _program.Settings["BACKUP_DIRS"] = _program.Path("store");
        _program.Settings["BACKUP_SCHEDULE"] = "now and then";

        Assert.Equal(["BACKUP_DIRS", "BACKUP_SCHEDULE"], Faulty(await _program.RunAsync("backup")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_mistake_is_one_fault()
    {
        _program.Settings["BACKUP_SCHEDULE"] = "\"0 3 * * *";

        Assert.Equal(["BACKUP_SCHEDULE"], Faulty(await _program.RunAsync("backup")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Variables_that_Compose_left_blank_say_nothing()
    {
        foreach (var name in new[] { "BACKUP_SCHEDULE", "BACKUP_POSTGRES", "BACKUP_S3_BUCKET", "BACKUP_RETENTION_DAYS", "BACKUP_STOP_WAIT", "TZ", "DOCKER_HOST" })
            _program.Settings[name] = "";

        Assert.Equal(0, (await _program.RunAsync("backup")).ExitCode);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("bogus")]
    [InlineData("backup", "extra")]
    [InlineData("list", "--jsn")]
    [InlineData("restore")]
    [InlineData("restore", "a", "b")]
    [InlineData("restore", "latest", "--from")]
    [InlineData("prune", "--dryrun")]
    [InlineData("healthcheck", "@/etc/passwd")]
    public async Task Wrong_arguments_end_with_2_and_a_hint(params string[] arguments)
    {
        var ended = await _program.RunAsync(arguments);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("backup-sidecar --help", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", ended.Everything, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_a_hook_says_of_a_secret_is_masked_for_everyone()
    {
        _program.Hook("pre-backup", "talkative", $"echo 'the key is {BuiltProgram.Passphrase}' >&2; exit 1");
        _program.Hook("post-backup", "dump", $"env > '{_program.Path("environment")}'");

        var ended = await _program.RunAsync("backup");

        Assert.Contains("the key is ***", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("the key is ***", _program.History, StringComparison.Ordinal);
        Assert.Contains("the key is ***", await File.ReadAllTextAsync(_program.Path("environment"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(BuiltProgram.Passphrase, ended.Everything + _program.History, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Faulty(Ended ended) =>
        ended.Errors.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line.Split(':')[0].Trim());
}
