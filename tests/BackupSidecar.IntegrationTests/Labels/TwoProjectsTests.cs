using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Labels;

/// <summary>
/// The image as Compose runs it, in the networks of two projects. Each has a database that it calls "db", and what that name means to
/// the sidecar is anybody's guess: for at least one of the two it is the other one.
/// </summary>
public sealed class TwoProjectsTests : IAsyncLifetime
{
    private readonly string _id = Guid.NewGuid().ToString("N")[..8];

    private string[] Projects => [$"shop{_id}", $"blog{_id}"];

    private string Sidecar => $"sidecar-{_id}";

    public async ValueTask InitializeAsync()
    {
        foreach (var project in Projects)
        {
            await DockerCli.RunAsync("network", "create", project);
            string[] labels =
            [
                $"com.docker.compose.project={project}", "com.docker.compose.service=db", "com.docker.compose.container-number=1", "backup.enabled=true",
                "backup.type=postgres", "backup.cron=0 3 * * *", "backup.conn=postgres://postgres:secret@db:5432/app", $"backup.prefix={project}",
            ];
            await DockerCli.RunAsync(
            [
                "run", "--detach", "--name", Database(project), "--network", project, "--network-alias", "db", .. labels.SelectMany(label => (string[])["--label", label]),
                "--env", "POSTGRES_PASSWORD=secret", "--env", "POSTGRES_DB=app", "test/pg",
            ]);
        }
        await DockerCli.RunAsync(
            "run", "--detach", "--name", Sidecar, "--network", Projects[0], "--volume", "/var/run/docker.sock:/var/run/docker.sock",
            "--env", "BACKUP_LABELS=on", "--env", "BACKUP_LABEL_SCOPE=all", "--env", "BACKUP_LOCAL_PATH=/backups-local", "--env", "BACKUP_ENCRYPTION_KEY=a passphrase of the tests",
            StackFixture.Image, "sleep", "infinity");
        await DockerCli.RunAsync("network", "connect", Projects[1], Sidecar);
    }

    public async ValueTask DisposeAsync()
    {
        await DockerCli.RunAsync(["rm", "--force", "--volumes", Sidecar, .. Projects.Select(Database)]);
        await DockerCli.RunAsync(["network", "rm", .. Projects]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Each_database_is_backed_up_and_restored_for_itself()
    {
        foreach (var project in Projects)
        {
            await DockerCli.RunAsync("exec", Database(project), "sh", "-c", "i=0; until psql -h127.0.0.1 -qAtU postgres 'dbname=app password=secret' -c 'SELECT 1'; do i=$((i+1)); [ $i -lt 240 ] || exit 1; sleep 0.25; done");
            await QueryAsync(project, $"CREATE TABLE t AS SELECT '{project} ' || g AS v FROM generate_series(1, 1000) g");
            await DockerCli.RunAsync("exec", Sidecar, "backup-sidecar", "backup", "--container", Database(project));
        }
        foreach (var project in Projects)
            await QueryAsync(project, "UPDATE t SET v = 'spoiled'");

        await DockerCli.RunAsync("exec", Sidecar, "backup-sidecar", "restore", Database(Projects[0]), "--yes");
        Assert.Equal((Whole(Projects[0]), "spoiled|spoiled|1000"), (await ContentAsync(Projects[0]), await ContentAsync(Projects[1])));
        await DockerCli.RunAsync("exec", Sidecar, "backup-sidecar", "restore", Database(Projects[1]), "--yes");
        Assert.Equal((Whole(Projects[0]), Whole(Projects[1])), (await ContentAsync(Projects[0]), await ContentAsync(Projects[1])));
    }

    private static string Database(string project) => $"{project}-db-1";

    private static string Whole(string project) => $"{project} 1|{project} 999|1000";

    private static Task<string> ContentAsync(string project) => QueryAsync(project, "SELECT min(v), max(v), count(*) FROM t");

    private static Task<string> QueryAsync(string project, string sql) => DockerCli.RunAsync("exec", Database(project), "psql", "-qAtU", "postgres", "-v", "ON_ERROR_STOP=1", "app", "-c", sql);
}
