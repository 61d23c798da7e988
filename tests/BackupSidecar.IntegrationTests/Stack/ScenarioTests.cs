using System.Globalization;
using System.Text.Json;
using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Stack;

/// <summary>The product's promises, as its user would see them kept: a whole stack, the image that ships, and its commands.</summary>
public sealed class ScenarioTests(StackFixture stack) : IClassFixture<StackFixture>
{
    private const string Digest = "cd /data/app && find . -path ./heartbeat -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum";

    [Fact(Timeout = 300_000)]
    public async Task What_was_backed_up_comes_back_after_everything_has_changed()
    {
        await FillAsync();
        var (rows, files) = (await RowsAsync(), await FilesAsync());

        var backup = await BackUpAsync();
        Assert.Equal(0, backup.ExitCode);
        Assert.Contains("Backup completed successfully", backup.Errors);
        Assert.Contains("complete  local, s3", (await stack.ExecAsync("backup", "list-backups")).Output);

        await SpoilAsync();
        var restore = await stack.ExecAsync("backup", "restore", "latest", "--yes");

        Assert.True(restore.ExitCode == 0, restore.Errors);
        Assert.Equal((rows, files), (await RowsAsync(), await FilesAsync()));
        Assert.Equal("absent\n", (await stack.ExecAsync("backup", "sh", "-c", "test -e /data/app/intruder || echo absent")).Output);
        Assert.True(await stack.IsRunningAsync("app"));
    }

    [Fact(Timeout = 300_000)]
    public async Task S3_alone_is_enough_when_the_local_folder_is_gone()
    {
        await FillAsync();
        var (rows, files) = (await RowsAsync(), await FilesAsync());
        Assert.Equal(0, (await BackUpAsync()).ExitCode);

        await SpoilAsync();
        await stack.ExecAsync("backup", "sh", "-c", "rm -rf /backups-local/stack");
        var restore = await stack.ExecAsync("backup", "restore", "latest", "--yes");

        Assert.True(restore.ExitCode == 0, restore.Errors);
        Assert.Contains("from the store 's3'", restore.Errors);
        Assert.Contains("is its volume mounted?", restore.Errors);
        Assert.Equal((rows, files), (await RowsAsync(), await FilesAsync()));
        await stack.ExecAsync("backup", "sh", "-c", "rm /var/lib/backup-sidecar/stores/local-*");
        Assert.Equal(0, (await BackUpAsync()).ExitCode);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_plain_Debian_container_restores_by_following_RESTORE_txt_to_the_letter()
    {
        await FillAsync();
        var (rows, files) = (await RowsAsync(), await FilesAsync());
        var archive = await LatestArchiveAsync(await BackUpAsync());
        await SpoilAsync();

        var result = await new PlainHost(stack).RestoreByHandAsync(archive, "app");

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal((rows, files), (await RowsAsync(), await FilesAsync()));
    }

    [Fact(Timeout = 300_000)]
    public async Task The_app_stands_still_while_its_files_are_read_and_no_longer()
    {
        await stack.ExecAsync("backup", "sh", "-c", "head -c 200M /dev/urandom > /data/app/large");
        var backup = BackUpAsync();

        await UntilAsync(async () => !await stack.IsRunningAsync("app"));
        var filesMeanwhile = await PartialsAsync();
        var result = await backup;

        Assert.NotEmpty(filesMeanwhile.Except(await PartialsAsync()));
        Assert.Equal(0, result.ExitCode);
        Assert.True(result.Errors.IndexOf("Starting services: app", StringComparison.Ordinal) < result.Errors.IndexOf("Stored in", StringComparison.Ordinal));
        Assert.True(await stack.IsRunningAsync("app"));
        await stack.ExecAsync("backup", "rm", "/data/app/large");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_service_that_was_stopped_before_stays_stopped()
    {
        await stack.StopAsync("app");

        var backup = await BackUpAsync();

        Assert.Equal(0, backup.ExitCode);
        Assert.False(await stack.IsRunningAsync("app"));
        await stack.StartAsync("app");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_sidecar_that_is_killed_while_the_app_is_stopped_starts_it_when_it_comes_back()
    {
        await BeginAndStopAsync();
        await stack.KillAsync("backup");
        Assert.False(await stack.IsRunningAsync("app"));

        await stack.StartAsync("backup");

        await UntilAsync(() => stack.IsRunningAsync("app"));
        await UntilAsync(async () => (await StackFixture.DockerAsync("logs", stack.ContainerOf("backup"))).Errors.Contains("was killed before it ended", StringComparison.Ordinal));
        Assert.Equal(0, (await BackUpAsync()).ExitCode);
    }

    [Fact(Timeout = 300_000)]
    public async Task Asked_to_end_the_sidecar_starts_the_app_within_two_seconds()
    {
        var partials = await PartialsAsync();
        await BeginAndStopAsync();
        var begin = DateTimeOffset.UtcNow;

        await stack.StopAsync("backup");

        var isRunning = await stack.IsRunningAsync("app");
        var asked = await EventAsync(begin, "backup", "kill");
        var started = await EventAsync(begin, "app", "start");
        await stack.StartAsync("backup");
        Assert.True(isRunning);
        Assert.InRange(started - asked, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Subset(partials.ToHashSet(), (await PartialsAsync()).ToHashSet());
    }

    [Fact(Timeout = 300_000)]
    public async Task A_dead_S3_server_costs_only_the_remote_copy()
    {
        await stack.ExecAsync("backup", "sh", "-c", "head -c 500M /dev/urandom > /data/app/large");
        var backup = BackUpAsync();
        await UntilAsync(async () => (await stack.ExecAsync("backup", "sh", "-c", "find /backups-local/stack -name '.*.partial' -size +30M")).Output.Length > 0);
        await stack.KillAsync("s3");

        var result = await backup;

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("The s3 store (s3://backups/stack) failed to store the archive", result.Errors);
        Assert.True(await stack.IsRunningAsync("app"));
        var archive = await LatestArchiveAsync(result);
        var restore = await stack.ExecAsync("backup", "restore", archive, "--from", "local", "--to", "/backups/look");
        Assert.True(restore.ExitCode == 2, restore.Errors);
        restore = await stack.ExecAsync("backup", "restore", archive, "--from", "local", "--to", "/backups/look", "--yes");
        Assert.True(restore.ExitCode == 0, restore.Errors);
        Assert.Equal(0, (await stack.ExecAsync("backup", "cmp", "/data/app/large", "/backups/look/app/large")).ExitCode);
        await stack.ExecAsync("backup", "rm", "-r", "/data/app/large", "/backups/look");
        await stack.StartS3Async();
    }

    [Fact(Timeout = 300_000)]
    public async Task A_full_local_disk_costs_only_the_local_copy()
    {
        await stack.ExecAsync("backup", "sh", "-c", "head -c 120M /dev/urandom > /data/app/large");

        // A container's /dev/shm is a file system in memory of 64 MiB.
        var result = await BackUpAsync("BACKUP_LOCAL_PATH=/dev/shm/full");

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("The local store (/dev/shm/full/stack) failed to store the archive", result.Errors);
        var archive = await LatestArchiveAsync(result);
        var restore = await stack.ExecAsync("backup", "restore", archive, "--from", "s3", "--to", "/backups/look", "--yes");
        Assert.True(restore.ExitCode == 0, restore.Errors);
        Assert.Equal(0, (await stack.ExecAsync("backup", "cmp", "/data/app/large", "/backups/look/app/large")).ExitCode);
        await stack.ExecAsync("backup", "rm", "-r", "/data/app/large", "/backups/look");
    }

    private Task<ExecResult> BackUpAsync(params string[] settings) =>
        stack.ExecAsync("backup", ["env", .. settings, "/backup-scripts/backup-now.sh"]);

    /// <summary>Begins a backup that waits, with the app stopped, long enough to be ended there.</summary>
    private async Task BeginAndStopAsync()
    {
        await StackFixture.DockerAsync("exec", "--detach", stack.ContainerOf("backup"), "env", "BACKUP_STOP_WAIT=60", "backup-now");
        await UntilAsync(async () => !await stack.IsRunningAsync("app"));
    }

    /// <summary>When the engine did something first to a container since <paramref name="begin"/>, by its own clock.</summary>
    private async Task<TimeSpan> EventAsync(DateTimeOffset begin, string service, string what)
    {
        var events = await StackFixture.DockerAsync(
            "events", "--since", begin.ToString("o"), "--until", DateTimeOffset.UtcNow.ToString("o"), "--filter", "container=" + stack.ContainerOf(service),
            "--filter", "event=" + what, "--format", "{{.TimeNano}}");
        return TimeSpan.FromTicks(long.Parse(events.Output.Split('\n')[0], CultureInfo.InvariantCulture) / 100);
    }

    /// <summary>The archive that a run named, once the list shows it as complete.</summary>
    private async Task<string> LatestArchiveAsync(ExecResult backup)
    {
        using var list = JsonDocument.Parse((await stack.ExecAsync("backup", "list-backups", "--json")).Output);
        var newest = list.RootElement.EnumerateArray().First();
        Assert.Equal("complete", newest.GetProperty("state").GetString());
        var archive = newest.GetProperty("archive").GetString()!;
        Assert.Contains(archive, backup.Errors);
        return archive;
    }

    /// <summary>Archives under way, and what killed runs left of theirs.</summary>
    private async Task<string[]> PartialsAsync() =>
        (await stack.ExecAsync("backup", "find", "/backups-local", "-name", ".*.partial")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task FillAsync()
    {
        await SqlAsync("DROP TABLE IF EXISTS orders; CREATE TABLE orders (id serial PRIMARY KEY, note text, at timestamptz DEFAULT now());"
            + "INSERT INTO orders (note) SELECT repeat(md5(i::text), 3) FROM generate_series(1, 20000) i");
        await stack.ExecAsync("backup", "sh", "-c", "mkdir -p /data/app/docs && cd /data/app/docs && for i in $(seq 200); do seq $i > \"file $i.txt\"; done && ln -sf 'file 1.txt' link");
    }

    private async Task SpoilAsync()
    {
        await SqlAsync("UPDATE orders SET note = 'spoiled'; DELETE FROM orders WHERE id % 2 = 0");
        await stack.ExecAsync("backup", "sh", "-c", "cd /data/app && rm docs/file\\ 1*.txt && echo spoiled > 'docs/file 2.txt' && echo new > intruder");
    }

    private async Task<string> RowsAsync() =>
        (await SqlAsync("SELECT count(*) || ' ' || md5(string_agg(id || note || at, ',' ORDER BY id)) FROM orders")).Trim();

    private async Task<string> FilesAsync() => (await stack.ExecAsync("backup", "bash", "-c", Digest)).Output;

    private async Task<string> SqlAsync(string sql)
    {
        var result = await stack.ExecAsync("db", "psql", "--username=postgres", "--dbname=app", "-XAtc", sql);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Errors);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(50, limit.Token);
    }
}
