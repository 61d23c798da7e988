using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Stack;

/// <summary>The image that ships: what it holds, and what its scripts ask of the program (for which a stand-in speaks here).</summary>
public sealed class ImageTests
{
    /// <summary>Puts programs before the real ones on the PATH that say how they were called, then runs what follows.</summary>
    private const string StandIn = """
        mkdir /tmp/stand-in && cd /tmp/stand-in
        printf '#!/bin/sh\nprintf "<%%s>" "$@"\n' > backup-sidecar
        printf '#!/bin/sh\n' > sleep
        chmod +x backup-sidecar sleep
        PATH=/tmp/stand-in:$PATH
        exec "$@"
        """;

    [Fact(Timeout = 60_000)]
    public async Task The_program_starts()
    {
        var result = await StackFixture.DockerAsync("run", "--rm", StackFixture.Image, "--version");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_program_goes_by_the_name_of_the_one_whose_labels_it_takes()
    {
        var result = await StackFixture.DockerAsync("run", "--rm", StackFixture.Image, "backrest-sidecar", "version");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith("backrest-sidecar ", result.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Another_command_is_run_as_it_stands()
    {
        var result = await StackFixture.DockerAsync("run", "--rm", StackFixture.Image, "bash", "-c", "printf '%s|' \"$@\"; exit 7", "-", "a  b", "$HOME");

        Assert.Equal((7, "a  b|$HOME|"), (result.ExitCode, result.Output));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/backup-scripts/entrypoint.sh", "<run>")]
    [InlineData("/backup-scripts/entrypoint.sh run", "<run>")]
    [InlineData("/backup-scripts/entrypoint.sh list --json", "<list><--json>")]
    [InlineData("/backup-scripts/entrypoint.sh verify --all", "<verify><--all>")]
    [InlineData("/backup-scripts/entrypoint.sh restore latest --to /x", "<restore><latest><--to></x>")]
    [InlineData("/backup-scripts/entrypoint.sh --version", "<--version>")]
    [InlineData("/backup-scripts/entrypoint.sh accept --all", "<accept><--all>")]
    [InlineData("/backup-scripts/entrypoint.sh backrest daemon --apply", "<backrest><daemon><--apply>")]
    [InlineData("/backup-scripts/backup-now.sh", "<backup>")]
    [InlineData("backup-now", "<backup>")]
    [InlineData("/backup-scripts/list-backups.sh --json", "<list><--json>")]
    [InlineData("list-backups", "<list>")]
    [InlineData("/backup-scripts/restore.sh latest", "<restore><latest>")]
    [InlineData("restore 2026-03-01-030000 --only app --yes", "<restore><2026-03-01-030000><--only><app><--yes>")]
    public async Task A_script_asks_the_program(string call, string asked)
    {
        var result = await CallAsync(call.Split(' '));

        Assert.Equal((0, asked, ""), (result.ExitCode, result.Output, result.Errors));
    }

    [Fact(Timeout = 60_000)]
    public async Task Restore_without_a_timestamp_explains_itself_lists_and_fails()
    {
        var result = await CallAsync("restore");

        Assert.Equal((1, "<list>"), (result.ExitCode, result.Output));
        Assert.Contains("usage: restore <timestamp|latest>", result.Errors);
    }

    [Fact(Timeout = 60_000)]
    public async Task Under_its_old_name_a_restore_on_a_terminal_counts_down_and_then_is_meant()
    {
        var result = await CallAsync("script", "--quiet", "--return", "--command", "/backup-scripts/restore.sh latest", "/dev/null");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("The restore begins in 10 s", result.Output);
        Assert.Contains("The restore begins in  1 s", result.Output);
        Assert.EndsWith("<restore><latest><--yes>", result.Output);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/backup-scripts/restore.sh latest --to /x", "<restore><latest><--to></x>")]
    [InlineData("restore latest", "<restore><latest>")]
    public async Task A_restore_that_overwrites_nothing_or_asks_by_itself_does_not_count_down(string call, string asked)
    {
        var result = await CallAsync("script", "--quiet", "--return", "--command", call, "/dev/null");

        Assert.Equal(asked, result.Output);
    }

    [Fact(Timeout = 60_000)]
    public async Task Any_user_may_run_it()
    {
        const string Script = "touch /backups/a /backups-local/a /var/lib/backup-sidecar/a && backup-sidecar --version && id -u";

        var result = await StackFixture.DockerAsync("run", "--rm", "--user", "1000:1000", StackFixture.Image, "bash", "-c", Script);

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.EndsWith("1000\n", result.Output);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_holds_every_tool_that_a_backup_or_a_restore_by_hand_needs()
    {
        const string Script = """
            for tool in gpg gpg-agent gpgconf tar gzip zstd sqlite3 pg_dump pg_restore psql; do
              command -v $tool > /dev/null || echo "missing: $tool"
            done
            TZ=Europe/Berlin date -d '2026-07-01 00:00 UTC' +%H
            test -s /etc/ssl/certs/ca-certificates.crt || echo 'missing: certificates'
            pg_dump --version > /dev/null
            """;

        var result = await StackFixture.DockerAsync("run", "--rm", StackFixture.Image, "bash", "-c", Script);

        Assert.Equal((0, "02\n", ""), (result.ExitCode, result.Output, result.Errors));
    }

    private static Task<ExecResult> CallAsync(params string[] call) =>
        StackFixture.DockerAsync(["run", "--rm", "--entrypoint", "bash", StackFixture.Image, "-c", StandIn, "-", .. call]);
}
