using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases.Redis;

/// <summary>
/// Redis and Valkey by the snapshot (RDB) that a server sends to a new replica: all databases, as they were at one moment. A server
/// takes a snapshot only from its own disk at its start, so a restore stops its container, puts the file in, and starts it.
/// </summary>
/// <param name="uri">The server.</param>
/// <param name="options">What was said of it in its URI.</param>
/// <param name="places">Where its tools run.</param>
/// <param name="privateDirectory">A directory that only we can read.</param>
/// <param name="journal">Writes down a container that is about to be stopped; what it returns is called once that runs again.</param>
/// <param name="log">Told what a restore leaves over, and what stays behind in a container.</param>
internal sealed class RedisServer(
    Secret uri, DatabaseOptions options, ToolPlaces places, string privateDirectory, Func<ContainerDetails, Action> journal, ILogger log) : IDatabaseEngine
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(20);

    private readonly RedisUri _uri = RedisUri.TryParse(uri.Reveal(), out var parts, out var problem)
        ? parts
        : throw new ArgumentException($"The Redis URI cannot be used: {problem}", nameof(uri));

    /// <summary>Found before services are stopped, for this server's container may be one of them.</summary>
    private RedisContainer? _container;

    public string Product => "Redis";

    public Task<ServerFacts> CheckAsync(CancellationToken cancellation) => WithLimitAsync(
        async token =>
        {
            await using var connection = await ConnectAsync(token);
            var info = await connection.InfoAsync(token);
            await connection.CheckDumpRightAsync(token);
            return new ServerFacts(info.DatasetBytes);
        },
        cancellation);

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation);
        var info = await connection.InfoAsync(cancellation);
        await using var tool = await connection.StartAsync(cancellation, "--rdb", "-");
        tool.StandardInput.Close();

        var ending = new RdbEnding(destination);
        var problem = "";
        var content = await PassingDump.ReadAsync(tool.StandardOutput, ending.Take, Read, tool.Kill, cancellation);
        var result = await tool.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw new DatabaseException($"{connection.Tool} made no whole dump: {RedisQuestions.Said(result, "")}");
        bool isProved;
        try
        {
            isProved = ending.Complete();
        }
        catch (DumpFormatException error)
        {
            throw new DatabaseException($"{connection.Tool} ended well but its dump is not whole: {error.Message}", error);
        }
        // A right checksum is proof enough; without one the dump must be what its format says.
        if (!isProved && problem.Length > 0)
            throw new DatabaseException($"{connection.Tool} ended well but its dump is not whole: {problem}");
        return new DumpFacts(connection.Tool, info.Server, Consistency(isProved))
        {
            Via = connection.Place.Via,
            Counts = content?.Keys ?? new Dictionary<string, long>(),
            IsCounted = content is not null,
        };

        RdbContent? Read(PassingDump dump)
        {
            try
            {
                return RdbReader.Read(dump);
            }
            catch (DumpFormatException error)
            {
                problem = error.Message;
                return null;
            }
        }
    }

    public async Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation)
    {
        if (wanted.DatabaseAs is not null)
            throw new DatabaseException("a Redis server has no databases with names, so there is no other one to restore into (--database-as).");
        _container = await WithLimitAsync(FindContainerAsync, cancellation);
    }

    /// <param name="dump">Can be sought in.</param>
    /// <param name="wanted">Nothing that matters here.</param>
    /// <param name="cancellation">Ends it; what was there before is put back first.</param>
    public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        RdbContent? content;
        try
        {
            var ending = new RdbEnding(Stream.Null);
            content = await PassingDump.ReadAsync(dump, ending.Take, RdbReader.Read, () => { }, cancellation);
            ending.Complete();
        }
        catch (DumpFormatException error)
        {
            throw new DatabaseException($"the dump is damaged, and the server was not touched: {error.Message}", error);
        }
        dump.Position = 0;
        _container ??= await WithLimitAsync(FindContainerAsync, cancellation);
        try
        {
            await using var restore = await RedisRestore.PrepareAsync(_container, _uri, privateDirectory, journal, log, cancellation);
            await restore.RunAsync(dump, content, cancellation);
        }
        catch (DockerException error)
        {
            throw new DatabaseException($"the server was not touched: {error.Message}", error);
        }
    }

    public async Task<FoundCounts> CountAsync(CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation);
        var info = await connection.InfoAsync(cancellation);
        return new FoundCounts(info.Keys, info.RanOut);
    }

    private static string Consistency(bool isProved) =>
        "snapshot of one moment (replication)" + (isProved ? "" : "; the server writes no checksums, so that only its form could be checked");

    private async Task<RedisConnection> ConnectAsync(CancellationToken cancellation) => await RedisConnection.OpenAsync(
        await places.FindAsync(_uri.Host, options.Via, RedisConnection.Programs, cancellation), _uri, privateDirectory, log, cancellation);

    private async Task<RedisContainer> FindContainerAsync(CancellationToken cancellation)
    {
        var (place, problem) = await places.TryContainerAsync(_uri.Host, options.Via, RedisConnection.Programs, cancellation);
        if (place is null)
        {
            throw new DatabaseException(
                $"a Redis server reads a dump only at its start, from its own disk, and its container cannot be used for that: {problem}. "
                + "Unpack the dump (--to DIR) and put it in by hand, as RESTORE.txt says.");
        }
        await using var connection = await RedisConnection.OpenAsync(place, _uri, privateDirectory, log, cancellation);
        return await RedisContainer.LookAtAsync(place, connection, cancellation);
    }

    private static async Task<T> WithLimitAsync<T>(Func<CancellationToken, Task<T>> look, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CheckLimit);
        try
        {
            return await look(limit.Token);
        }
        catch (DockerException error)
        {
            throw new DatabaseException(error.Message, error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new DatabaseException(
                $"the server did not answer within {CheckLimit.TotalSeconds:F0} s; are host and port right, and is no firewall in between?", error);
        }
    }
}
