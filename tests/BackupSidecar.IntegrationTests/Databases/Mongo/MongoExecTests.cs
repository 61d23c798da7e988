using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;
using BackupSidecar.IntegrationTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Databases.Mongo;

/// <summary>Stand-ins of MongoDB's tools in a container (the server in it is none of MongoDB's): how they are run there.</summary>
public sealed class MongoExecTests
{
    /// <summary>Keeps what it was given, and writes an archive without collections; or keeps what it was to restore.</summary>
    private const string StandIn =
        """
        #!/bin/sh
        case $1 in
          --version) echo "${0##*/} version: 100.9.4"; exit ;;
          --config=*) config=${1#--config=} ;;
        esac
        { cat "$config"; stat -c %a "$config"; shift; echo "$@"; } > /tmp/seen
        case $0 in
          *mongorestore) cat > /tmp/restored ;;
          *) printf '\155\342\231\201\026\000\000\000\002version\000\004\000\000\0000.1\000\000\377\377\377\377' ;;
        esac
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_tools_run_in_the_container_with_the_uri_in_a_file_that_is_gone_afterwards()
    {
        await using var container = await RedisInstance.StartAsync();
        await DockerCli.RunAsync(
            "exec", "--user", "root", container.Container, "sh", "-c",
            "printf %s \"$0\" > /usr/local/bin/mongodump; cd /usr/local/bin; cp mongodump mongorestore; chmod 755 mongo*", StandIn);
        var address = await container.AddressAsync();
        using var places = new ToolPlaces(DumpVia.Auto, new ServiceSettings(), TimeProvider.System, NullLogger.Instance);
        var engine = new MongoServer(
            new Secret($"mongodb://u:p%40ss@{address}:27017/shop?authSource=admin"), new DatabaseOptions(), places, "/nowhere", NullLogger.Instance);
        using var dump = new MemoryStream();

        await engine.CheckAsync(Cancellation);
        var facts = await engine.DumpAsync(dump, Cancellation);
        var seenByDump = await SeenAsync();
        dump.Position = 0;
        await engine.RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation);

        const string config = "uri: \"mongodb://u:p%40ss@127.0.0.1:27017/shop?authSource=admin\"\n600\n";
        Assert.Equal(("mongodump 100.9.4", $"exec in container {container.Container}"), (facts.Tool, facts.Via));
        Assert.Equal(config + "--archive", seenByDump);
        Assert.Equal(config + "--archive --drop", await SeenAsync());
        Assert.Equal($"{dump.Length}", await InContainerAsync("stat -c %s /tmp/restored"));
        Assert.Empty(await InContainerAsync("find /dev/shm /tmp -name 'backup-sidecar-*'"));

        Task<string> SeenAsync() => InContainerAsync("cat /tmp/seen");

        Task<string> InContainerAsync(string script) => DockerCli.RunAsync("exec", container.Container, "sh", "-c", script);
    }
}
