using System.Net;
using System.Net.Sockets;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Tests.Databases.Mongo;

/// <summary>Against stand-ins of MongoDB's tools (see there): arguments, the file with the URI, streams, exit codes and the archive's frame.</summary>
public sealed class MongoServerTests : IDisposable
{
    private const string Uri = "mongodb://u:p%40ss\"word\\@127.0.0.1/shop?authSource=admin";

    private readonly StandInMongoTools _tools = new();
    private readonly ToolPlaces _places = new(DumpVia.Client, new ServiceSettings(), TimeProvider.System, NullLogger.Instance);
    private readonly string _private = Directory.CreateTempSubdirectory("backup-sidecar-private-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _tools.Dispose();
        _places.Dispose();
        Directory.Delete(_private, recursive: true);
    }

    [Fact]
    public async Task A_dump_passes_through_and_the_uri_only_by_a_private_file()
    {
        _tools.Archive(MongoArchives.Whole);
        using var dump = new MemoryStream();

        var facts = await Engine().DumpAsync(dump, Cancellation);

        Assert.Equal(MongoArchives.Whole, dump.ToArray());
        Assert.Equal(("mongodump 100.9.4", "client"), (facts.Tool, facts.Via));
        Assert.Equal(3, facts.Counts["shop.orders"]);
        Assert.Matches(@"\A--config=\S+\n--archive\n\z", _tools.Read("arguments"));
        Assert.Equal("uri: \"mongodb://u:p%40ss\\u0022word\\\\@127.0.0.1/shop?authSource=admin\"\n", _tools.Read("config"));
        Assert.Equal("600\n", _tools.Read("mode"));
        Assert.Empty(Directory.GetFileSystemEntries(_private));
    }

    [Fact]
    public async Task A_dump_that_ends_early_with_exit_code_0_is_refused_wherever_it_ends()
    {
        var whole = MongoArchives.Whole;
        for (var length = 0; length < whole.Length; length += 97)
        {
            _tools.Archive(whole[..length]);
            await Assert.ThrowsAsync<DatabaseException>(() => Engine().DumpAsync(Stream.Null, Cancellation));
        }
    }

    [Fact]
    public async Task A_dump_that_fails_is_refused_with_the_tools_last_words_and_leaves_no_file()
    {
        _tools.Archive(MongoArchives.Whole);
        _tools.Exit(1);

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => Engine().DumpAsync(Stream.Null, Cancellation));

        Assert.Equal("mongodump failed: last words of mongodump", failure.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_private));
    }

    [Fact]
    public async Task A_restore_drops_what_it_replaces_and_reads_the_archive_to_its_end()
    {
        using var dump = new MemoryStream(MongoArchives.Whole);

        await Engine().RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation);

        Assert.Matches(@"\A--config=\S+\n--archive\n--drop\n\z", _tools.Read("arguments"));
        Assert.Equal(MongoArchives.Whole, await File.ReadAllBytesAsync(Path.Combine(_tools.Directory, "restored"), Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(_private));
    }

    [Fact]
    public async Task Collections_that_are_left_out_are_left_out_by_mongodump()
    {
        _tools.Archive(MongoArchives.Whole);
        var options = new DatabaseOptions { ExcludedTables = ["sessions", "cache data"] };

        await Engine(options: options).DumpAsync(Stream.Null, Cancellation);

        Assert.EndsWith("--archive\n--excludeCollection=sessions\n--excludeCollection=cache data\n", _tools.Read("arguments"));
        var failure = await Assert.ThrowsAsync<DatabaseException>(() => Engine("mongodb://127.0.0.1", options).CheckAsync(Cancellation));
        Assert.Contains("only where the URI names a database", failure.Message);
    }

    [Fact]
    public async Task A_restore_beside_the_original_renames_the_database()
    {
        using var dump = new MemoryStream(MongoArchives.Whole);
        var beside = new DumpRestore { IsTrusted = true, DatabaseAs = "shop_2" };

        await Engine().RestoreAsync(dump, beside, Cancellation);

        Assert.EndsWith("--stopOnError\n--nsFrom=shop.*\n--nsTo=shop_2.*\n", _tools.Read("arguments"));
        Assert.DoesNotContain("--drop", _tools.Read("arguments"), StringComparison.Ordinal);
        await Assert.ThrowsAsync<DatabaseException>(() => Engine().CheckRestoreAsync(beside with { DatabaseAs = "shop" }, Cancellation));
        await Assert.ThrowsAsync<DatabaseException>(() => Engine("mongodb://127.0.0.1").CheckRestoreAsync(beside, Cancellation));
    }

    [Fact]
    public async Task A_restore_that_fails_says_that_the_database_may_hold_a_part()
    {
        _tools.Exit(1);
        using var dump = new MemoryStream(MongoArchives.Whole);

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => Engine().RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation));

        Assert.Contains("may hold a part of the backup: last words of mongorestore", failure.Message);
    }

    [Theory]
    [InlineData("mongodb://h/shop", "dump/shop")]
    [InlineData("mongodb://h", "dump")]
    [InlineData("mongodb://h/?replicaSet=r", "dump")]
    public async Task A_legacy_dump_is_restored_from_its_directory(string uri, string directory)
    {
        Directory.CreateDirectory(Path.Combine(_private, "dump", "shop"));
        var engine = Engine(uri);

        await engine.RestoreDirectoryAsync(Path.Combine(_private, "dump"), Cancellation);

        Assert.EndsWith($"--drop\n--dir={Path.Combine(_private, directory)}\n", _tools.Read("arguments"));
    }

    [Fact]
    public async Task Missing_tools_are_named_with_the_way_to_get_them()
    {
        var engine = new MongoServer(new Secret(Uri), new DatabaseOptions(), _places, _private, NullLogger.Instance, Path.Combine(_private, "nowhere"));

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains("MongoDB Database Tools", failure.Message);
        Assert.Contains("WITH_MONGODB_TOOLS=1", failure.Message);
    }

    [Fact]
    public async Task A_tool_that_fails_to_tell_its_version_is_not_used()
    {
        _tools.Archive(MongoArchives.Whole);
        _tools.Break();

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => Engine().DumpAsync(Stream.Null, Cancellation));

        Assert.Equal("mongodump cannot even tell its version: last words of a broken mongodump", failure.Message);
    }

    [Theory]
    [InlineData("mongodb+srv://u:p@cluster.invalid/shop")]
    [InlineData("mongodb://u@%2Fnowhere%2Fmongodb-27017.sock/shop")]
    public async Task Nobody_knocks_where_the_URI_names_no_port(string uri) =>
        await Engine(uri).CheckAsync(Cancellation);

    [Fact]
    public async Task Without_a_port_the_usual_one_is_knocked_at()
    {
        var engine = Engine("mongodb://nobody.invalid/shop");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains("nobody.invalid:27017 ", failure.Message);
    }

    [Fact]
    public async Task A_server_that_listens_passes_the_check_and_one_that_does_not_fails_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var engine = Engine($"mongodb://u:p@127.0.0.1:1,127.0.0.1:{port}/shop");

        await engine.CheckAsync(Cancellation);
        listener.Stop();
        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains($"127.0.0.1:{port} Connection refused", failure.Message);
    }

    private MongoServer Engine(string uri = Uri, DatabaseOptions? options = null) =>
        new(new Secret(uri), options ?? new DatabaseOptions(), _places, _private, NullLogger.Instance, _tools.Directory);
}
