using BackupSidecar.Databases.Scratch;
using BackupSidecar.Docker;

namespace BackupSidecar.Tests.Databases.Scratch;

/// <summary>What a scratch server gets of the running one that it is made after.</summary>
public sealed class ScratchRecipeTests
{
    private const string Password = "0123456789abcdef";

    private static readonly string[] NothingSecret = ["hunter2", "s3cr3t", "/run/secrets/db"];

    [Fact]
    public void Image_command_user_and_limits_are_those_of_the_running_server()
    {
        var creation = Of(ScratchKinds.Postgres, Running(
            command: ["postgres", "-c", "max_connections=50"], user: "999:999", host: new ContainerHostConfig
            {
                ShmSize = 256 << 20,
                ReadonlyRootfs = true,
                Ulimits = [new ContainerUlimit("nofile", 1024, 4096)],
                Tmpfs = new Dictionary<string, string> { ["/run/postgresql"] = "" },
            })).Creation;

        Assert.Equal("sha256:abc", creation.Image);
        Assert.Equal(["docker-entrypoint.sh"], creation.Entrypoint);
        Assert.Equal(["postgres", "-c", "max_connections=50"], creation.Cmd);
        Assert.Equal("999:999", creation.User);
        Assert.Equal((256 << 20, true), (creation.HostConfig.ShmSize, creation.HostConfig.ReadonlyRootfs));
        Assert.Equal(new ContainerUlimit("nofile", 1024, 4096), creation.HostConfig.Ulimits!.Single());
        Assert.Contains("/run/postgresql", creation.HostConfig.Tmpfs!.Keys);
        Assert.Equal(("none", 512L << 20, 2_000_000_000L), (creation.HostConfig.NetworkMode, creation.HostConfig.Memory, creation.HostConfig.NanoCpus));
    }

    [Fact]
    public void Of_the_environment_it_gets_what_its_engine_is_made_from_and_a_password_of_its_own()
    {
        var variables = Of(ScratchKinds.Postgres, Running(environment:
        [
            "POSTGRES_USER=shop", "POSTGRES_PASSWORD=hunter2", "POSTGRES_DB=shop", "POSTGRES_INITDB_ARGS=--data-checksums", "PGDATA=/data/pg",
            "POSTGRES_PASSWORD_FILE=/run/secrets/db", "API_TOKEN=s3cr3t", "APP_SETTING=s3cr3t", "LC_ALL=de_DE.UTF-8", "PG_MAJOR=15", "SECRET_OF_IMAGE=s3cr3t",
        ])).Environment;

        Assert.Equal(
            ["LC_ALL=de_DE.UTF-8", "PGDATA=/data/pg", "PG_MAJOR=15", "POSTGRES_DB=postgres", "POSTGRES_INITDB_ARGS=--data-checksums", $"POSTGRES_PASSWORD={Password}", "POSTGRES_USER=shop"],
            variables.Select(variable => $"{variable.Key}={variable.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_variable_that_the_command_names_is_there_and_a_secret_one_holds_the_new_password()
    {
        var recipe = Of(ScratchKinds.Redis, Running(
            command: ["sh", "-c", "redis-server --maxmemory ${LIMIT} --requirepass \"$REDIS_PASSWORD\" --aclfile $ACL_TOKEN"],
            environment: ["LIMIT=100mb", "REDIS_PASSWORD=hunter2", "ACL_TOKEN=s3cr3t", "OTHER=s3cr3t"]));

        Assert.Equal("redis-server --maxmemory ${LIMIT}  --aclfile $ACL_TOKEN", recipe.Creation.Cmd![^1]);
        Assert.Equal(("100mb", Password), (recipe.Environment["LIMIT"], recipe.Environment["ACL_TOKEN"]));
        Assert.DoesNotContain("OTHER", recipe.Environment.Keys);
    }

    [Theory]
    [InlineData(new[] { "redis-server", "--requirepass", "hunter2", "--appendonly", "yes" }, "redis-server --appendonly yes")]
    [InlineData(new[] { "redis-server", "--replicaof", "other", "6379" }, "redis-server")]
    [InlineData(new[] { "sh", "-c", "exec redis-server --masterauth 'hunter 2' --save 60 1" }, "sh -c exec redis-server  --save 60 1")]
    public void Passwords_and_masters_are_no_part_of_its_command(string[] command, string kept) =>
        Assert.Equal(kept, string.Join(' ', Of(ScratchKinds.Redis, Running(command: command)).Creation.Cmd!));

    [Fact]
    public void Configuration_is_mounted_read_only_and_data_is_new()
    {
        var recipe = Of(ScratchKinds.Postgres, Running(
            command: ["postgres", "-c", "config_file=/conf/pg.conf", "-D", "/var/lib/postgresql/data"],
            mounts:
            [
                Volume("shop_data", "/var/lib/postgresql/data"),
                Bind("/srv/pg.conf", "/conf/pg.conf", isWritable: true),
                Bind("/srv/conf.d", "/etc/postgresql/conf.d", isWritable: true),
                Bind("/srv/certs", "/certs", isWritable: false),
                Bind("/srv/wal", "/wal", isWritable: true),
                Bind("/srv/init", "/docker-entrypoint-initdb.d", isWritable: false),
                Bind("/srv/db.secret", "/run/secrets/db", isWritable: false),
                Bind("/var/run/docker.sock", "/var/run/docker.sock", isWritable: true),
                Bind("/srv/notes.txt", "/notes.txt", isWritable: true),
            ]));

        Assert.Equal(
            ["/certs <- /srv/certs (ro)", "/conf/pg.conf <- /srv/pg.conf (ro)", "/etc/postgresql/conf.d <- /srv/conf.d (ro)", "/var/lib/postgresql/data new", "/wal new"],
            recipe.Creation.HostConfig.Mounts.Select(Text).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["/docker-entrypoint-initdb.d (it would run at the first start)", "/notes.txt (a file that the server may write to)",
                "/run/secrets/db (a secret that its command does not name)", "/var/run/docker.sock (a socket of somebody else)"],
            recipe.LeftOut.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("volume", true, "/var/lib/mysql")]
    [InlineData("bind", true, "/var/lib/mysql")]
    [InlineData("bind", true, "/var/lib")]
    [InlineData("bind", false, "/var/lib/mysql")]
    [InlineData("bind", true, "/other/data.d")]
    public void Data_of_the_running_server_is_never_mounted(string type, bool isWritable, string place)
    {
        var mount = new ContainerMount { Type = type, Name = "data", Source = "/srv/data", Destination = place, IsWritable = isWritable };

        var recipe = Of(ScratchKinds.Mysql, Running(command: ["mariadbd", $"--datadir={place}/x"], mounts: [mount]));

        Assert.DoesNotContain(recipe.Creation.HostConfig.Mounts, each => each.Source is not null);
    }

    [Fact]
    public void Nothing_secret_of_the_running_server_is_anywhere_in_it()
    {
        var creation = Of(ScratchKinds.Mysql, Running(
            command: ["mariadbd"], environment: ["MARIADB_ROOT_PASSWORD=hunter2", "MYSQL_PASSWORD=s3cr3t", "MARIADB_PASSWORD_FILE=/run/secrets/db"])).Creation;

        var text = string.Join('\n', creation.Env.Concat(creation.Cmd!));
        Assert.All(NothingSecret, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.Contains($"MARIADB_ROOT_PASSWORD={Password}", creation.Env);
    }

    private static ScratchRecipe Of(ScratchKind kind, ContainerDetails running) => ScratchRecipe.Of(
        kind, running,
        new ImageDetails
        {
            Id = "sha256:abc",
            Config = new ImageConfig
            {
                Env = ["PG_MAJOR=15", "SECRET_OF_IMAGE=public"],
                Volumes = kind == ScratchKinds.Postgres ? new Dictionary<string, NoDetails> { ["/var/lib/postgresql/data"] = new() } : null,
            },
        },
        new ScratchLimits(512L << 20, 2), new Dictionary<string, string> { ["label"] = "value" }, Password);

    private static ContainerDetails Running(
        IReadOnlyList<string>? command = null, IReadOnlyList<string>? environment = null, string? user = null, ContainerHostConfig? host = null,
        IReadOnlyList<ContainerMount>? mounts = null) => new()
        {
            Id = "1",
            Name = "/shop-db-1",
            Image = "sha256:abc",
            State = new ContainerState { Running = true },
            Config = new ContainerConfig { Image = "postgres:15", Entrypoint = ["docker-entrypoint.sh"], Cmd = command, Env = environment, User = user },
            HostConfig = host,
            Mounts = mounts,
        };

    private static ContainerMount Volume(string name, string place) => new() { Type = "volume", Name = name, Destination = place, IsWritable = true };

    private static ContainerMount Bind(string source, string place, bool isWritable) =>
        new() { Type = "bind", Source = source, Destination = place, IsWritable = isWritable };

    private static string Text(NewMount mount) => mount.Source is null ? $"{mount.Target} new" : $"{mount.Target} <- {mount.Source}{(mount.ReadOnly ? " (ro)" : "")}";
}
