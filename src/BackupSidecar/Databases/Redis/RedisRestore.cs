using BackupSidecar.Configuration.Values;
using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases.Redis;

/// <summary>
/// One restore: the server's container is stopped, the dump takes the place of the file that the server reads at its start, and the
/// container is started. If the server does not come up with what the dump holds, everything is put back and started again.
/// What is put back lies in <c>redis-before-…</c> in the private directory until then, and stays there if that fails.
/// </summary>
internal sealed class RedisRestore : IAsyncDisposable
{
    // A server writes down all that it holds when it is told to stop.
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(15);

    private readonly RedisContainer _container;
    private readonly RedisConnection _connection;
    private readonly RedisDataFiles _files;
    private readonly Func<ContainerDetails, Action> _journal;
    private readonly ILogger _log;

    private RedisRestore(
        RedisContainer container, RedisConnection connection, string privateDirectory, Func<ContainerDetails, Action> journal, ILogger log)
    {
        (_container, _connection, _journal, _log) = (container, connection, journal, log);
        _files = new RedisDataFiles(container, Path.Combine(privateDirectory, $"redis-before-{Guid.NewGuid():N}"));
    }

    private DockerEngine Engine => _container.Place.Engine;

    private string Id => _container.Place.ContainerId;

    public static async Task<RedisRestore> PrepareAsync(
        RedisContainer container, RedisUri uri, string privateDirectory, Func<ContainerDetails, Action> journal, ILogger log, CancellationToken cancellation)
    {
        // A stopped container can run nothing, not even what a connection begins with.
        if (await container.Place.Engine.InspectAsync(container.Place.ContainerId, cancellation) is not { State.Running: true })
            await container.Place.Engine.StartAsync(container.Place.ContainerId, cancellation);
        var connection = await RedisConnection.OpenAsync(container.Place, uri, privateDirectory, log, cancellation);
        return new RedisRestore(container, connection, privateDirectory, journal, log);
    }

    /// <exception cref="DatabaseException">It failed; the message says what the server holds now.</exception>
    public async Task RunAsync(Stream dump, RdbContent? content, CancellationToken cancellation)
    {
        var start = new RedisStart(_container, _connection);
        await start.UntilReadyAsync(cancellation);
        await SaveAsync(cancellation);
        // Should we be killed, the next start of this program starts it.
        var runsAgain = await Engine.InspectAsync(Id, cancellation) is { } details
            ? _journal(details)
            : throw new DatabaseException($"container {_container.Place.ContainerName} is gone.");
        try
        {
            await Engine.StopAsync(Id, StopPatience, cancellation);
            await _files.KeepAsync(cancellation);
            await _files.PutAsync(dump, cancellation);
            await start.BeginAsync(cancellation);
            await start.CheckContentAsync(content, cancellation);
            runsAgain();
        }
        catch (Exception error) when (error is DockerException or DatabaseException or IOException or UnauthorizedAccessException
            or OperationCanceledException)
        {
            var outcome = await PutBackAsync(start, runsAgain);
            if (error is OperationCanceledException)
                throw;
            throw new DatabaseException($"{error.Message} {outcome}", error);
        }
        await CleanUpAsync(_files.RemoveOldAsync(CancellationToken.None));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>What a server without an append-only file holds might be lost by the stop, and could not be put back.</summary>
    private async Task SaveAsync(CancellationToken cancellation)
    {
        if (_container.Files.AreKept)
            return;
        var (result, reply) = await _connection.AskAsync(cancellation, "SAVE");
        if (reply != "OK")
        {
            throw new DatabaseException(
                "it did not write down what it holds (SAVE), so that it could not be put back; "
                + $"it was not touched: {RedisQuestions.Said(result, reply)}");
        }
    }

    /// <summary>Cannot be cancelled. Returns what came of it, as a sentence.</summary>
    private async Task<string> PutBackAsync(RedisStart start, Action runsAgain)
    {
        try
        {
            if (_files.WasTouched)
            {
                await Engine.StopAsync(Id, StopPatience, CancellationToken.None);
                await _files.PutBackAsync(CancellationToken.None);
            }
            await start.BeginAsync(CancellationToken.None);
            runsAgain();
            await CleanUpAsync(_files.RemoveNewAsync(CancellationToken.None));
            return "The server runs again with what it held before.";
        }
        catch (Exception error) when (error is DockerException or DatabaseException or IOException)
        {
            return $"What the server held before could not be put back ({error.Message}){_files.WhereKept}. "
                + $"Container {_container.Place.ContainerName} may stand still.";
        }
    }

    /// <summary>What cannot be removed takes room and does no harm.</summary>
    private async Task CleanUpAsync(Task removal)
    {
        try
        {
            await removal;
        }
        catch (Exception error) when (error is DatabaseException or IOException or UnauthorizedAccessException)
        {
            _log.LogWarning(
                "What the restore of {Container} has left over could not be removed: {Problem}", _container.Place.ContainerName, error.Message);
        }
    }
}
