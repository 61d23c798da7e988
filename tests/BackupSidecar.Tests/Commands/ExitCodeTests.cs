using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Commands;

public sealed class ExitCodeTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_succeeds_ends_with_0_and_so_does_all_that_looks_at_it()
    {
        await EndsAsync(RunOutcome.Succeeded, "backup");
        await EndsAsync(RunOutcome.Succeeded, "list");
        await EndsAsync(RunOutcome.Succeeded, "check");
        await EndsAsync(RunOutcome.Succeeded, "prune", "--dry-run");
        await EndsAsync(RunOutcome.Succeeded, "healthcheck");
        File.WriteAllText(_program.Path("source", "letter.txt"), "changed");

        await EndsAsync(RunOutcome.Succeeded, "restore", "latest", "--yes");

        Assert.Equal("Dear Sir or Madam\n", File.ReadAllText(_program.Path("source", "letter.txt")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_whose_hook_fails_ends_with_1_before_anything_is_read()
    {
        _program.Hook("pre-backup", "refuse", "echo not today >&2; exit 9");

        var ended = await EndsAsync(RunOutcome.Failed, "backup");

        Assert.Contains("pre-backup hook refuse failed with exit code 9: not today", ended.Errors, StringComparison.Ordinal);
        Assert.Empty(_program.Stored);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_restore_of_what_is_not_there_ends_with_1() =>
        await EndsAsync(RunOutcome.Failed, "restore", "2026-11-20-030000", "--yes");

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_with_nothing_to_read_ends_with_2_and_stores_nothing()
    {
        _program.Settings["BACKUP_DIRS"] = "/there/is/no/such/folder";

        await EndsAsync(RunOutcome.NotStarted, "backup");
        await EndsAsync(RunOutcome.NotStarted, "check");

        Assert.Empty(_program.Stored);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Without_gpg_a_passphrase_does_for_a_backup_and_its_restore()
    {
        UseToolsWithoutGpg();

        await EndsAsync(RunOutcome.Succeeded, "check");
        await EndsAsync(RunOutcome.Succeeded, "backup");
        File.WriteAllText(_program.Path("source", "letter.txt"), "changed");
        await EndsAsync(RunOutcome.Succeeded, "restore", "latest", "--yes");

        Assert.Equal("Dear Sir or Madam\n", File.ReadAllText(_program.Path("source", "letter.txt")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Without_gpg_a_backup_for_public_keys_and_a_check_end_with_2_and_name_it()
    {
        UseToolsWithoutGpg();
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = null;
        _program.Settings["BACKUP_ENCRYPTION_RECIPIENTS_FILE"] = _program.Path("source", "letter.txt");

        var backup = await EndsAsync(RunOutcome.NotStarted, "backup");
        var check = await EndsAsync(RunOutcome.NotStarted, "check");

        Assert.Contains("No archive can be made: The program 'gpg' could not be started", backup.Errors, StringComparison.Ordinal);
        Assert.Contains("FAIL  .tar.gz.gpg, encrypted: The program 'gpg' could not be started", check.Output, StringComparison.Ordinal);
        Assert.Empty(_program.Stored);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_key_file_without_keys_ends_with_2()
    {
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = null;
        _program.Settings["BACKUP_ENCRYPTION_RECIPIENTS_FILE"] = _program.Path("source", "letter.txt");

        await EndsAsync(RunOutcome.NotStarted, "backup");

        Assert.Empty(_program.Stored);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("BACKUP_STAGING_DIR", "backup")]
    [InlineData("BACKUP_STAGING_DIR", "check")]
    [InlineData("TMPDIR", "backup")]
    [InlineData("TMPDIR", "check")]
    public async Task A_folder_for_the_run_that_cannot_be_written_to_ends_with_2_and_is_named(string setting, string command)
    {
        _program.Settings[setting] = "/proc/folder";
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = null;
        _program.Settings["BACKUP_ENCRYPTION_RECIPIENTS_FILE"] = _program.Path("source", "letter.txt");

        var ended = await EndsAsync(RunOutcome.NotStarted, command);

        Assert.Contains("/proc/folder", ended.Everything, StringComparison.Ordinal);
        Assert.Contains(setting, ended.Everything, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Everything, StringComparison.Ordinal);
        Assert.Empty(_program.Stored);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("backup")]
    [InlineData("run")]
    [InlineData("restore", "latest", "--yes")]
    [InlineData("prune")]
    public async Task A_state_directory_that_cannot_be_written_to_ends_with_2(params string[] command)
    {
        _program.Settings["BACKUP_STATE_DIR"] = "/proc/state";

        var ended = await EndsAsync(RunOutcome.NotStarted, command);

        Assert.Contains("BACKUP_STATE_DIR: /proc/state cannot be written to", ended.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_without_one_of_its_sources_ends_with_3()
    {
        _program.Settings["BACKUP_FILES"] = "/there/is/no/such/file";

        await EndsAsync(RunOutcome.Partial, "backup");

        Assert.Equal(2, _program.Stored.Count());
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_beside_another_one_ends_with_4_and_so_do_restore_and_prune()
    {
        _program.Hook("pre-backup", "wait", $"echo here > {_program.Path("fifo")}; exec sleep 50");
        await MakeFifoAsync();
        using var first = _program.Start("backup");
        await File.ReadAllTextAsync(_program.Path("fifo"), TestContext.Current.CancellationToken);

        await EndsAsync(RunOutcome.Locked, "backup");
        await EndsAsync(RunOutcome.Locked, "restore", "latest", "--yes");
        await EndsAsync(RunOutcome.Locked, "prune");

        Assert.Equal("", _program.History);
        first.Kill(entireProcessTree: true);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_restore_with_another_key_or_of_changed_bytes_ends_with_5_and_touches_nothing()
    {
        await EndsAsync(RunOutcome.Succeeded, "backup");
        File.WriteAllText(_program.Path("source", "letter.txt"), "changed");
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = "another passphrase than before";
        await EndsAsync(RunOutcome.Refused, "restore", Timestamp, "--yes");
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = BuiltProgram.Passphrase;
        Damage(Archive);

        await EndsAsync(RunOutcome.Refused, "restore", "latest", "--yes");

        Assert.Equal("changed", File.ReadAllText(_program.Path("source", "letter.txt")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_local_folder_whose_volume_is_gone_is_said_by_every_command_until_the_note_is_removed()
    {
        await EndsAsync(RunOutcome.Succeeded, "backup");
        Directory.Move(_program.Path("store"), _program.Path("volume"));
        Directory.CreateDirectory(_program.Path("store"));

        Ended[] ends =
        [
            await EndsAsync(RunOutcome.NotStarted, "backup"), await EndsAsync(RunOutcome.NotStarted, "check"), await EndsAsync(RunOutcome.Failed, "list"),
            await EndsAsync(RunOutcome.Failed, "restore", "latest", "--yes"), await EndsAsync(RunOutcome.Failed, "verify"), await EndsAsync(RunOutcome.Partial, "prune"),
        ];

        var note = Assert.Single(Directory.GetFiles(_program.Path("state", "stores")));
        Assert.All(ends, ended => Assert.Contains($"{_program.Path("store", "stack")} was used before and is empty now: is its volume mounted?", ended.Everything, StringComparison.Ordinal));
        Assert.All(ends, ended => Assert.Contains($"remove {note}: then", ended.Everything, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(_program.Path("store")));
        File.Delete(note);
        await EndsAsync(RunOutcome.Succeeded, "backup");
        await EndsAsync(RunOutcome.Succeeded, "restore", "latest", "--yes");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_new_key_beside_the_old_one_restores_what_either_made_and_without_the_old_one_the_restore_ends_with_5()
    {
        await EndsAsync(RunOutcome.Succeeded, "backup");
        var timestamp = Timestamp;
        File.WriteAllText(_program.Path("source", "letter.txt"), "changed");
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = "another passphrase than before";
        var id = new ManifestKeys(new ArchiveSettings { EncryptionKey = new Secret(BuiltProgram.Passphrase) }, "stack").Current!.Name.Id;

        var list = await EndsAsync(RunOutcome.Succeeded, "list");
        var refused = await EndsAsync(RunOutcome.Refused, "restore", timestamp, "--yes");
        File.WriteAllText(_program.Path("old-key"), BuiltProgram.Passphrase + "\n");
        _program.Settings["BACKUP_OLD_ENCRYPTION_KEY_1_FILE"] = _program.Path("old-key");
        var check = await EndsAsync(RunOutcome.Succeeded, "check");
        await EndsAsync(RunOutcome.Succeeded, "restore", timestamp, "--yes");

        Assert.Contains("other-key", list.Output, StringComparison.Ordinal);
        Assert.Contains($"(id {id}, in use until {timestamp[..10]}): set BACKUP_OLD_ENCRYPTION_KEY_1", list.Output, StringComparison.Ordinal);
        Assert.Contains($"(id {id}, in use until {timestamp[..10]}): set BACKUP_OLD_ENCRYPTION_KEY_1", refused.Errors, StringComparison.Ordinal);
        Assert.Contains($"(new backups), {id} (earlier ones)", check.Output, StringComparison.Ordinal);
        Assert.Equal("Dear Sir or Madam\n", File.ReadAllText(_program.Path("source", "letter.txt")));
    }

    private string Archive => _program.Stored.Single(name => name.EndsWith(".gpg", StringComparison.Ordinal));

    private string Timestamp => Archive["stack-".Length..^".tar.gz.gpg".Length];

    private void UseToolsWithoutGpg()
    {
        var tools = Directory.CreateDirectory(_program.Path("tools")).FullName;
        foreach (var tool in new[] { "tar", "stat", "find" })
            File.CreateSymbolicLink(Path.Combine(tools, tool), $"/usr/bin/{tool}");
        _program.Settings["PATH"] = tools;
    }

    private async Task<Ended> EndsAsync(RunOutcome outcome, params string[] command)
    {
        var ended = await _program.RunAsync(command);
        Assert.True(ended.ExitCode == (int)outcome, $"exit code {ended.ExitCode} instead of {(int)outcome}:\n{ended.Everything}");
        return ended;
    }

    private async Task MakeFifoAsync()
    {
        using var process = System.Diagnostics.Process.Start("mkfifo", [_program.Path("fifo")]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private void Damage(string archive)
    {
        using var file = File.Open(_program.Path("store", "stack", archive), FileMode.Open);
        file.Position = file.Length / 2;
        file.WriteByte((byte)(file.ReadByte() ^ 1));
    }
}
