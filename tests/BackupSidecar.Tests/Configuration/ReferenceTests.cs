using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Reference;

namespace BackupSidecar.Tests.Configuration;

public sealed class ReferenceTests
{
    [Fact]
    public void The_example_file_says_what_the_table_says() => Assert.Equal(EnvExample.Render(), ExampleFile());

    [Fact]
    public void The_example_file_holds_every_setting_once_and_nothing_else()
    {
        var names = ExampleFile().Split('\n')
            .Select(line => line.TrimStart('#'))
            .Where(line => line.Length > 0 && char.IsAsciiLetterUpper(line[0]))
            .Select(line => line.Split('=')[0]);

        Assert.Equal(SettingTable.All.Select(setting => setting.Name), names);
    }

    [Fact]
    public void The_example_file_wants_only_a_passphrase()
    {
        var lines = EnvFile.Parse(ExampleFile()).Entries.Aggregate(Said.Nothing, (said, line) => said.With(line.Key, line.Value));

        Assert.Equal("BACKUP_ENCRYPTION_KEY", lines.Fault().Setting);
        lines.With("BACKUP_ENCRYPTION_KEY", "a passphrase of some length").Settings();
    }

    [Fact]
    public void Every_value_of_the_example_file_is_a_right_one()
    {
        // Some exclude each other, so each is tried beside the least that makes a backup.
        foreach (var setting in SettingTable.All.Where(setting => setting.Example is { Length: > 0 } && setting != SettingTable.ConfigFile))
            Said.Enough.With(setting.Name, setting.Example!).Settings(); // The line above leaves none that is null.
    }

    [Fact]
    public void The_reference_has_a_row_for_every_setting()
    {
        var rows = DocsTable.Render().Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();

        Assert.Equal(SettingTable.All.Select(setting => setting.Name), rows.Select(row => row.Split('`')[1]));
        Assert.All(rows, row => Assert.Equal(4, row.Replace("\\|", "").Count(c => c == '|')));
        Assert.Contains("| `BACKUP_STOP_WAIT` | `2` | Wait between the last stop and the first byte read. |", rows);
    }

    [Fact]
    public void No_two_settings_have_the_same_name() =>
        Assert.Equal(SettingTable.All.Count, SettingTable.All.Select(setting => setting.Name).Distinct().Count());

    [Fact]
    public void Every_setting_that_cannot_be_parsed_without_one_has_a_default()
    {
        SettingKind[] kinds = [SettingKind.Flag, SettingKind.Duration, SettingKind.Choice];

        Assert.DoesNotContain(SettingTable.All, setting => kinds.Contains(setting.Kind) && setting.Default is null);
    }

    [Fact]
    public void The_listing_says_what_holds_and_where_it_comes_from()
    {
        var reading = Said.Enough
            .With("BACKUP_ENCRYPTION_KEY_FILE", "/run/secrets/key").WithFile("/run/secrets/key", "a passphrase of some length")
            .With("BACKUP_POSTGRES_2", "postgres://u:hunter22@db/shop")
            .With("BACKUP_PRE_COMMAND", "curl -u me:hunter22")
            .With("BACKUP_CRON_EXPRESSION", "@daily")
            .WithFile("/config/backup.env", "BACKUP_STOP_WAIT=9")
            .Read();

        var listing = SettingListing.Of(reading);

        Assert.Contains(new SettingListing("BACKUP_NAME", "stack", "environment"), listing);
        Assert.Contains(new SettingListing("BACKUP_ENCRYPTION_KEY", "***", "file /run/secrets/key (BACKUP_ENCRYPTION_KEY_FILE)"), listing);
        Assert.Contains(new SettingListing("BACKUP_POSTGRES_2", "***", "environment"), listing);
        Assert.Contains(new SettingListing("BACKUP_PRE_COMMAND", "***", "environment"), listing);
        Assert.Contains(new SettingListing("BACKUP_SCHEDULE", "@daily", "environment (BACKUP_CRON_EXPRESSION)"), listing);
        Assert.Contains(new SettingListing("BACKUP_STOP_WAIT", "9", "file /config/backup.env"), listing);
        Assert.Contains(new SettingListing("BACKUP_START_WAIT", "3", "default"), listing);
        Assert.Contains(new SettingListing("BACKUP_MONGODB", "", "not set"), listing);
        Assert.DoesNotContain("hunter22", string.Join('\n', listing));
    }

    private static string ExampleFile()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "BackupSidecar.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not lie within the project.");
        return File.ReadAllText(Path.Combine(folder.FullName, ".env.example"));
    }
}
