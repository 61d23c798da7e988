using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Tests.Configuration;

public sealed class BackrestReaderTests
{
    [Fact]
    public void Without_a_word_the_defaults_of_the_original_hold()
    {
        var settings = Read();

        Assert.Equal(Path.GetFullPath("./backrest.config.json"), settings.ConfigFile);
        Assert.Equal(ApplyMode.Off, settings.Apply);
        Assert.Equal("backrest", settings.Container);
        Assert.Equal("unix:///var/run/docker.sock", settings.DockerHost.AbsoluteUri);
        Assert.Equal(("/var/lib/docker", "/var/lib/docker/volumes"), (settings.DockerRoot, settings.VolumePrefix));
        Assert.Null(settings.DefaultRepo);
        Assert.Equal(("0 2 * * *", "daily=7,weekly=4", "backrest_sidecar_"), (settings.DefaultSchedule, settings.DefaultRetention, settings.PlanIdPrefix));
        Assert.Equal((TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60)), (settings.RestartTimeout, settings.Interval));
        Assert.False(settings.IncludeProjectName || settings.ExcludeBindMounts || settings.DryRun || settings.Prune || settings.WithEvents);
        Assert.Equal((LogFormat.Json, Microsoft.Extensions.Logging.LogLevel.Information), (settings.Log.Format, settings.Log.Minimum));
        Assert.Equal(("zettaio/restic-compose-backup:0.7.1", "backrest.quiesce=true", "paths", "/volumes"), (settings.Once.Image, settings.Once.QuiesceLabel, settings.Once.GroupBy, settings.Once.PathPrefix));
        Assert.Equal(["rcb", "backup"], settings.Once.Command);
        Assert.Equal(TimeSpan.FromSeconds(60), settings.Once.QuiesceTimeout);
    }

    [Fact]
    public void The_environment_stands_behind_the_command_line_and_says_nothing_if_it_is_empty()
    {
        var settings = Read(
            [("--default-repo", "flag"), ("--plan-id-prefix", "")],
            ("BACKREST_CONFIG", "/etc/backrest/config.json"), ("BACKREST_DEFAULT_REPO", "env"), ("BACKREST_DEFAULT_RETENTION", "last=3"),
            ("BACKREST_VOLUME_PREFIX", "/docker_volumes"), ("BACKREST_PLAN_ID_PREFIX", "env_"));

        Assert.Equal("/etc/backrest/config.json", settings.ConfigFile);
        Assert.Equal(("flag", "last=3", "/docker_volumes", ""), (settings.DefaultRepo, settings.DefaultRetention, settings.VolumePrefix, settings.PlanIdPrefix));
        Assert.Equal("backrest_sidecar_", Read([], ("BACKREST_PLAN_ID_PREFIX", "")).PlanIdPrefix);
    }

    [Theory]
    [InlineData("/run/docker.sock", "unix:///run/docker.sock")]
    [InlineData("unix:///run/docker.sock", "unix:///run/docker.sock")]
    [InlineData("tcp://proxy:2375", "tcp://proxy:2375/")]
    public void The_engine_is_a_socket_or_an_address(string text, string host)
    {
        Assert.Equal(host, Read([("--docker-sock", text)]).DockerHost.AbsoluteUri);
        Assert.Equal(host, Read([], ("DOCKER_HOST", text)).DockerHost.AbsoluteUri);
    }

    [Theory]
    [InlineData("true", ApplyMode.Restart)]
    [InlineData("restart", ApplyMode.Restart)]
    [InlineData("false", ApplyMode.Off)]
    [InlineData("API", ApplyMode.Api)]
    public void A_change_is_applied_by_a_restart_or_by_the_api(string text, object mode) => Assert.Equal(mode, Read([("--apply", text)]).Apply);

    [Fact]
    public void The_password_comes_from_a_variable_or_a_file_and_is_masked()
    {
        var settings = Read([], ("BACKREST_PASSWORD_FILE", "/run/secrets/p"));

        Assert.Equal("from the file", settings.Api.Password!.Reveal());
        Assert.Equal("***", settings.Redactor.Redact("from the file"));
        Assert.Equal("plain", Read([], ("BACKREST_PASSWORD", "plain")).Api.Password!.Reveal());
    }

    [Fact]
    public void The_file_of_variables_is_read_as_docker_reads_it()
    {
        var settings = Read([("--rcb-env-file", "/env")], ("RESTIC_HOST", "nas"));

        Assert.Equal(["RESTIC_REPOSITORY=s3:repo", "RESTIC_PASSWORD=\"quoted = as it is\"", "RESTIC_HOST=nas"], settings.Once.Environment);
        Assert.Equal("***", settings.Redactor.Redact("\"quoted = as it is\""));
    }

    [Fact]
    public void A_file_of_variables_may_be_one_for_a_shell()
    {
        var settings = Read([("--rcb-env-file", "/exported")], ("RESTIC_HOST", "nas"));

        Assert.Equal(["RESTIC_REPOSITORY=s3:repo", "A=export B=1", "RESTIC_HOST=nas"], settings.Once.Environment);
    }

    [Fact]
    public void Lines_that_are_no_variables_are_named_by_their_numbers_and_their_content_is_not_told()
    {
        var failure = Assert.Throws<ConfigurationException>(() => Read([("--rcb-env-file", "/bad")]));

        var fault = Assert.Single(failure.Faults);
        Assert.Equal("--rcb-env-file", fault.Setting);
        Assert.Contains("lines 2, 4, 5, 6", fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("repo:/repo", true)]
    [InlineData("/srv/repo:/repo:rw", true)]
    [InlineData("/repo", false)]
    [InlineData("repo:relative", false)]
    [InlineData("./repo:/repo", false)]
    [InlineData("/srv:/repo:what", false)]
    [InlineData("/srv:/var/lib/docker", false)]
    [InlineData("/srv:/tmp/docker.sock:ro", false)]
    [InlineData(":/repo", false)]
    [InlineData("/srv:/", false)]
    public void A_volume_of_the_backup_has_two_sides(string volume, bool isGood)
    {
        if (isGood)
            Assert.Equal([volume], Read([("--rcb-volume", volume)]).Once.Volumes);
        else
            Assert.Equal("--rcb-volume", Assert.Single(Assert.Throws<ConfigurationException>(() => Read([("--rcb-volume", volume)])).Faults).Setting);
    }

    [Theory]
    [InlineData("s3:https://s3.example.com/x", true)]
    [InlineData("rclone:nas:x", true)]
    [InlineData("/repo", true)]
    [InlineData("/repo/sub/", true)]
    [InlineData("local:/repo/sub", true)]
    [InlineData("/repository", false)]
    [InlineData("/repo/../other", false)]
    [InlineData("local:/other", false)]
    [InlineData("repo", false)]
    public void A_repository_in_a_folder_lies_on_a_volume_or_would_be_gone_with_the_container(string repository, bool isGood)
    {
        var read = () => new BackrestReader(
            new Dictionary<string, IReadOnlyList<string>> { ["--rcb-env-file"] = ["/env"], ["--rcb-volume"] = ["/srv/repo:/repo"] },
            new Dictionary<string, string>(), _ => new FileReading($"RESTIC_REPOSITORY={repository}\n")).Read();

        if (isGood)
            Assert.Single(read().Once.Environment);
        else
            Assert.Contains("--rcb-volume", Assert.Single(Assert.Throws<ConfigurationException>(read).Faults).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_told_together_and_name_the_flag()
    {
        var failure = Assert.Throws<ConfigurationException>(() => Read(
            [
                ("--apply", "maybe"), ("--interval", "often"), ("--docker-sock", "ftp://x"), ("--volume-prefix", "volumes"), ("--log-level", "loud"),
                ("--log-format", "xml"), ("--backrest-url", "backrest:9898"), ("--restart-timeout", "-3s"), ("--restart-wait", "721h"), ("--rcb-env-file", "/missing"), ("--rcb-command", ""),
            ],
            ("BACKREST_PASSWORD", "x"), ("BACKREST_PASSWORD_FILE", "/missing")));

        Assert.Equal(
            ["--apply", "--backrest-url", "--docker-sock", "--interval", "--log-format", "--log-level", "--rcb-command", "--rcb-env-file", "--restart-timeout", "--restart-wait", "--volume-prefix", "BACKREST_PASSWORD", "BACKREST_PASSWORD_FILE"],
            failure.Faults.Select(fault => fault.Setting).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_docs_list_every_option_with_its_variable_and_default()
    {
        var docs = File.ReadAllText(Path.Combine(Root(), "docs", "backrest.md"));

        Assert.All(BackrestOptions.All, option => Assert.Contains(
            $"| `{option.Name}` | {(option.Default is { } value ? $"`{value}`" : "")} | {(option.Variable is { } variable ? $"`{variable}`" : "")} | {option.Help} |", docs, StringComparison.Ordinal));
    }

    private static BackrestSettings Read(IReadOnlyList<(string Name, string Text)>? given = null, params (string Name, string Value)[] environment) =>
        new BackrestReader(
            (given ?? []).ToDictionary(option => option.Name, option => (IReadOnlyList<string>)[option.Text]),
            environment.ToDictionary(variable => variable.Name, variable => variable.Value),
            path => path switch
            {
                "/run/secrets/p" => new FileReading("from the file\n"),
                "/env" => new FileReading("# comment\n\nRESTIC_REPOSITORY=s3:repo\r\n  RESTIC_PASSWORD=\"quoted = as it is\"\nRESTIC_HOST\nNOT_SET\n"),
                "/exported" => new FileReading("export RESTIC_REPOSITORY=s3:repo\n A=export B=1\n  export\tRESTIC_HOST\n"),
                "/bad" => new FileReading("A=1\nmy s3cret\n# no\nA S3CRET=1\n=s3cret\n: s3cret\n"),
                _ => FileReading.Missing,
            }).Read();

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "BackupSidecar.sln")))
            directory = Path.GetDirectoryName(directory)!; // The tests lie in the tree.
        return directory;
    }
}
