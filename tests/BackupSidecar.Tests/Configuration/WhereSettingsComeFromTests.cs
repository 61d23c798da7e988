using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Tests.Configuration;

public sealed class WhereSettingsComeFromTests
{
    private const string ConfigFile = "/config/backup.env";

    [Fact]
    public void The_environment_goes_before_the_configuration_file()
    {
        var said = Said.Enough
            .With("BACKUP_SCHEDULE", "@daily")
            .WithFile(ConfigFile, "BACKUP_SCHEDULE=@hourly\nBACKUP_STOP_WAIT=9\n");

        var settings = said.Settings();

        Assert.Equal("@daily", settings.Schedule);
        Assert.Equal(TimeSpan.FromSeconds(9), settings.Services.StopWait);
    }

    [Fact]
    public void A_file_twin_in_the_environment_goes_before_the_configuration_file() =>
        Assert.Equal(
            "@daily",
            Said.Enough.With("BACKUP_SCHEDULE_FILE", "/s").WithFile("/s", "@daily\n").WithFile(ConfigFile, "BACKUP_SCHEDULE=@hourly").Settings().Schedule);

    [Fact]
    public void A_blank_variable_leaves_the_configuration_file_its_say() =>
        Assert.Equal(
            "a passphrase of some length",
            Said.Enough.With("BACKUP_ENCRYPTION_KEY", "").WithFile(ConfigFile, "BACKUP_ENCRYPTION_KEY='a passphrase of some length'")
                .Settings().Archive.EncryptionKey?.Reveal());

    [Fact]
    public void The_configuration_file_may_be_elsewhere() =>
        Assert.Equal("@hourly", Said.Enough.With("BACKUP_CONFIG_FILE", "/my.env").WithFile("/my.env", "BACKUP_SCHEDULE=@hourly").Settings().Schedule);

    [Fact]
    public void A_configuration_file_that_was_named_must_be_there()
    {
        var fault = Said.Enough.With("BACKUP_CONFIG_FILE", "/my.env").Fault();

        Assert.Equal("BACKUP_CONFIG_FILE: the file '/my.env' does not exist.", fault.ToString());
    }

    [Fact]
    public void A_configuration_file_cannot_name_another() =>
        Assert.Equal("BACKUP_CONFIG_FILE", Said.Enough.WithFile(ConfigFile, "BACKUP_CONFIG_FILE=/other.env").Fault().Setting);

    [Fact]
    public void An_unreadable_configuration_file_is_a_fault_with_the_line_and_without_values()
    {
        var fault = Said.Enough.WithFile(ConfigFile, "BACKUP_SCHEDULE=@daily\nBACKUP_ENCRYPTION_KEY=sec'ret\n").Fault();

        Assert.Contains("line 2", fault.Problem);
        Assert.DoesNotContain("sec", fault.Problem);
    }

    [Fact]
    public void A_setting_that_stands_twice_in_the_configuration_file_is_a_fault() =>
        Assert.Contains(
            "BACKUP_POSTGRES_1",
            Said.Enough.WithFile(ConfigFile, "BACKUP_POSTGRES=postgres://a/x\nBACKUP_POSTGRES=postgres://a/y\n").Fault().Problem);

    [Fact]
    public void Other_variables_of_the_configuration_file_are_nobodys_business() =>
        Said.Enough.WithFile(ConfigFile, "POSTGRES_PASSWORD=x\nPOSTGRES_PASSWORD=y\nDOMAIN=example.com\n").Settings();

    [Fact]
    public void A_dollar_sign_in_the_configuration_file_is_kept_and_a_reference_is_warned_of()
    {
        var reading = Said.Enough.WithFile(ConfigFile, "BACKUP_ENCRYPTION_KEY=pa$word-and-${HOME}-more\n").Read();

        Assert.Equal("pa$word-and-${HOME}-more", reading.Settings?.Archive.EncryptionKey?.Reveal());
        Assert.Contains("nothing is expanded", Assert.Single(reading.Warnings));
    }

    [Theory]
    [InlineData("key of sixteen ch\n", "key of sixteen ch")]
    [InlineData("key of sixteen ch\r\n", "key of sixteen ch")]
    [InlineData("key of sixteen ch", "key of sixteen ch")]
    [InlineData("  key of sixteen ch ", "  key of sixteen ch ")]
    [InlineData("\"key of sixteen ch\"\n", "\"key of sixteen ch\"")]
    public void A_file_gives_its_value_without_the_closing_line_end(string content, string expected) =>
        Assert.Equal(
            expected,
            Said.Enough.With("BACKUP_ENCRYPTION_KEY_FILE", "/key").WithFile("/key", content).Settings().Archive.EncryptionKey?.Reveal());

    [Theory]
    [InlineData("key of sixteen ch\n\n")]
    [InlineData("two\nlines of a key")]
    [InlineData("key with a carriage\rreturn")]
    public void A_passphrase_of_several_lines_is_refused(string content) =>
        Assert.Contains("must be one line", Said.Enough.With("BACKUP_ENCRYPTION_KEY_FILE", "/key").WithFile("/key", content).Fault().Problem);

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData(" \t\n")]
    public void An_empty_file_is_a_fault(string content) =>
        Assert.Contains("is empty", Said.Enough.With("BACKUP_ENCRYPTION_KEY_FILE", "/key").WithFile("/key", content).Fault().Problem);

    [Fact]
    public void A_missing_file_is_a_fault() =>
        Assert.Equal(
            "BACKUP_ENCRYPTION_KEY_FILE: the file '/key' does not exist.", Said.Enough.With("BACKUP_ENCRYPTION_KEY_FILE", "/key").Fault().ToString());

    [Fact]
    public void A_required_setting_whose_file_is_missing_is_one_fault() =>
        Assert.Equal("BACKUP_NAME_FILE", Said.Enough.Without("BACKUP_NAME").With("BACKUP_NAME_FILE", "/name").Fault().Setting);

    [Fact]
    public void A_secret_in_place_of_its_file_is_not_shown()
    {
        var fault = Said.Enough.With("BACKUP_ENCRYPTION_KEY_FILE", "hunter22hunter22").Fault();

        Assert.Contains("absolute path", fault.Problem);
        Assert.DoesNotContain("hunter22", fault.ToString());
    }

    [Fact]
    public void A_variable_and_its_file_twin_exclude_each_other()
    {
        var fault = Said.Enough
            .With("BACKUP_ENCRYPTION_KEY", "a passphrase of some length")
            .With("BACKUP_ENCRYPTION_KEY_FILE", "/key").WithFile("/key", "another")
            .Fault();

        Assert.Equal("BACKUP_ENCRYPTION_KEY: BACKUP_ENCRYPTION_KEY_FILE is set as well; only one of them may be.", fault.ToString());
    }

    [Fact]
    public void A_blank_variable_and_a_file_twin_get_on_well() =>
        Assert.Equal(
            "a passphrase of some length",
            Said.Enough.With("BACKUP_ENCRYPTION_KEY", "").With("BACKUP_ENCRYPTION_KEY_FILE", "/key").WithFile("/key", "a passphrase of some length")
                .Settings().Archive.EncryptionKey?.Reveal());

    [Theory]
    [InlineData("/home/me/key", 1)]
    [InlineData("/run/secrets/key", 0)]
    public void A_secret_that_all_may_read_is_warned_of_unless_the_engine_mounted_it_so(string path, int warnings)
    {
        var file = new FileReading("a passphrase of some length") { IsReadableByOthers = true };

        var reading = Said.Enough.With("BACKUP_ENCRYPTION_KEY_FILE", path).WithFile(path, file).Read();

        Assert.Equal(warnings, reading.Warnings.Count);
    }

    [Fact]
    public void Numbered_keys_add_up_in_the_order_of_their_numbers()
    {
        var settings = Said.Enough
            .With("BACKUP_POSTGRES_10", "postgres://db/ten")
            .With("BACKUP_POSTGRES_2", "postgres://db/two")
            .With("BACKUP_POSTGRES", "postgres://db/plain")
            .With("BACKUP_POSTGRES_3_FILE", "/three").WithFile("/three", "postgres://db/three\n")
            .WithFile(ConfigFile, "BACKUP_POSTGRES_04=postgres://db/four\nBACKUP_POSTGRES_2=postgres://db/overruled\n")
            .Settings();

        Assert.Equal(
            ["postgres://db/plain", "postgres://db/two", "postgres://db/three", "postgres://db/four", "postgres://db/ten"],
            settings.Sources.Postgres.Select(uri => uri.Uri.Reveal()));
    }

    [Theory]
    [InlineData("BACKUP_MONGODB_1", "mongodb://m/x")]
    [InlineData("BACKUP_SQLITE_1", "/a.db")]
    [InlineData("BACKUP_DIRS_1", "/b")]
    [InlineData("BACKUP_FILES_12", "/c")]
    public void A_numbered_key_is_enough_of_a_source(string name, string value) =>
        Said.Enough.Without("BACKUP_DIRS").With(name, value).Settings();

    [Theory]
    [InlineData("BACKUP_DIRS_0")]
    [InlineData("BACKUP_DIRS_x")]
    [InlineData("BACKUP_DIRS_99999999999")]
    [InlineData("BACKUP_DIRS_-1")]
    [InlineData("BACKUP_NAME_1")]
    [InlineData("BACKUP_S3_CA_FILE_FILE")]
    public void Other_endings_are_not_numbers(string name) =>
        Assert.StartsWith("there is no such setting", Said.Enough.With(name, "/x").Fault().Problem);

    [Fact]
    public void Two_spellings_of_one_number_exclude_each_other() =>
        Assert.Contains("set as well", Said.Enough.With("BACKUP_DIRS_1", "/a").With("BACKUP_DIRS_01", "/b").Fault().Problem);

    [Theory]
    [InlineData("\"0 3 * * *\"")]
    [InlineData("'0 3 * * *'")]
    [InlineData(" 0 3 * * * ")]
    [InlineData("0 3 * * *\r")]
    public void Quotes_that_docker_leaves_around_a_value_are_taken_away(string schedule) =>
        Assert.Equal("0 3 * * *", Said.Enough.With("BACKUP_SCHEDULE", schedule).Settings().Schedule);

    [Theory]
    [InlineData("BACKUP_POSTGRES", "\"postgres://db/one")]
    [InlineData("BACKUP_POSTGRES", "'postgres://db/one")]
    [InlineData("BACKUP_POSTGRES", "\"")]
    [InlineData("BACKUP_POSTGRES_1", "postgres://db/one\"")]
    public void A_value_that_docker_cut_in_the_middle_is_refused(string name, string value)
    {
        var fault = Said.Enough.With(name, value).Fault();

        Assert.Equal(name, fault.Setting);
        Assert.Contains("docker run --env-file", fault.Problem);
        Assert.Contains("BACKUP_POSTGRES_1=", fault.Problem);
    }

    [Theory]
    [InlineData("/data/bob's files", "bob's files")]
    [InlineData("/data/the \"big\" one", "the \"big\" one")]
    public void A_quote_within_a_value_is_a_part_of_it(string path, string name) =>
        Assert.Equal(name, Assert.Single(Said.Enough.With("BACKUP_DIRS", path).Settings().Sources.Directories).Name);

    [Fact]
    public void A_command_keeps_the_quotes_of_its_arguments() =>
        Assert.Equal("\"/my app\" \"a b\"", Said.Enough.With("BACKUP_PRE_COMMAND", "\"/my app\" \"a b\"").Settings().Hooks.PreCommand);
}
