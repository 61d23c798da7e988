using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Drills;

/// <summary>A PostgreSQL server with extensions, a command line of its own, a superuser of another name, and a secret that is nobody's business.</summary>
public sealed class DrilledPostgres : IAsyncLifetime
{
    public const string Canary = "canary-of-production";
    public const string Password = "the-password-of-production";

    private readonly string _folder = Directory.CreateTempSubdirectory("backup-sidecar-drilled-").FullName;

    public string Container { get; } = $"drilled-postgres-{Guid.NewGuid():N}";

    /// <summary>Its container's name is its host: nobody resolves it, and the program finds the container.</summary>
    public string Uri => $"postgresql://shop:{Password}@{Container}/shop";

    public async ValueTask InitializeAsync()
    {
        var configuration = Path.Combine(_folder, "extra.conf");
        File.WriteAllText(configuration, "work_mem = '5MB'\n");
        await DockerCli.RunAsync(
            "run", "--detach", "--name", Container, "--env", "POSTGRES_USER=shop", "--env", $"POSTGRES_PASSWORD={Password}", "--env", "POSTGRES_DB=shop",
            "--env", $"API_TOKEN={Canary}", "--shm-size", "80m", "--ulimit", "nofile=2048:4096", "--volume", $"{configuration}:/etc/postgresql/extra.conf",
            "test/pg",
            "postgres", "-c", "listen_addresses=*", "-c", "fsync=off", "-c", "max_connections=50", "-c", "shared_preload_libraries=pg_stat_statements");
        await DrillStack.UntilAsync(Container, "psql", Address, "--command=SELECT 1");
        await QueryAsync(
            """
            CREATE ROLE app; CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION pg_stat_statements;
            CREATE TABLE users (id int PRIMARY KEY, name citext NOT NULL); INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 1000) i;
            CREATE INDEX ON users USING gin ((name::text) gin_trgm_ops); ALTER TABLE users OWNER TO app;
            CREATE TABLE empty (id int);
            """);
    }

    public async Task<string> QueryAsync(string sql) =>
        await DockerCli.RunAsync("exec", Container, "psql", "-XAtq", "--set=ON_ERROR_STOP=1", Address, "--command=" + sql);

    public async ValueTask DisposeAsync()
    {
        await DockerCli.RunAsync("rm", "--force", "--volumes", Container);
        Directory.Delete(_folder, recursive: true);
    }

    private static string Address => $"--dbname=postgresql://shop:{Password}@127.0.0.1/shop";
}
