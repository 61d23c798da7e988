using System.Security.Cryptography;
using BackupSidecar.Configuration;
using BackupSidecar.Docker;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases.Scratch;

/// <summary>
/// A server in a container of its own, made after a running one, that nobody reaches but tools inside of it. Gone with its data
/// when disposed; if we are killed before, its labels tell who may remove it.
/// </summary>
internal sealed class ScratchServer : IAsyncDisposable
{
    private const int LastLines = 15;

    /// <summary>For the first start of a server, which makes its own tables first.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromMinutes(5);

    private readonly DockerEngine _engine;
    private readonly ScratchKind _kind;
    private readonly ScratchRecipe _recipe;
    private readonly string _id;
    private readonly string _name;
    private readonly string _password;
    private readonly ToolPlaces _places;
    private readonly TimeProvider _time;
    private bool _isPrepared;

    private ScratchServer(DockerEngine engine, ScratchKind kind, ScratchRecipe recipe, string id, string name, string password, TimeProvider time, ILogger log)
    {
        (_engine, _kind, _recipe, _id, _name, _password, _time) = (engine, kind, recipe, id, name, password, time);
        _places = ToolPlaces.Inside(new ContainerPlace(engine, id, name), time, log);
    }

    /// <summary>Where its tools run: inside of it, whatever a URI says.</summary>
    public ToolPlaces Places => _places;

    /// <summary>What it did not get of the running server.</summary>
    public IReadOnlyList<string> LeftOut => _recipe.LeftOut;

    /// <summary>Makes and starts one.</summary>
    /// <param name="engine">The Docker engine.</param>
    /// <param name="kind">What is known of its image.</param>
    /// <param name="running">The server that it is like.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="labels">By which it is found again.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Told where its tools run.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="DockerException">The engine refuses.</exception>
    public static async Task<ScratchServer> StartAsync(
        DockerEngine engine, ScratchKind kind, ContainerDetails running, ScratchLimits limits, IReadOnlyDictionary<string, string> labels,
        TimeProvider time, ILogger log, CancellationToken cancellation)
    {
        var image = await engine.InspectImageAsync(running.Image ?? "", cancellation)
            ?? throw new DatabaseException($"the image of container {running.PlainName} is not on this host any more");
        var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var name = $"backup-sidecar-drill-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        var recipe = ScratchRecipe.Of(kind, running, image, limits, labels, password);
        var id = await engine.CreateAsync(name, recipe.Creation, cancellation);
        var server = new ScratchServer(engine, kind, recipe, id, name, password, time, log);
        try
        {
            await engine.StartAsync(id, cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it is ready for a dump, and finds the way in: the URI to use in place of one of the running server.</summary>
    /// <param name="running">The URI of the running server.</param>
    /// <param name="ask">Throws while it is not ready, or where the URI is not the right one.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DatabaseException">It has ended, or has not become ready; the message holds its last lines.</exception>
    public async Task<Secret> WhenReadyAsync(Secret running, Func<Secret, CancellationToken, Task> ask, CancellationToken cancellation)
    {
        var address = new ScratchAddress(running, _recipe.Environment, _name, _password);
        using var limit = new CancellationTokenSource(StartPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var last = "it did not answer";
        while (true)
        {
            try
            {
                return await FindAsync(address, ask, either.Token);
            }
            catch (Exception error) when (error is DatabaseException or DockerException or ProcessFailedException or IOException)
            {
                last = error.Message;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new DatabaseException($"the scratch server was not ready within {StartPatience.TotalMinutes:0} minutes: {last}{await SaidAsync()}");
            }
            if (await WhyEndedAsync() is { } reason)
                throw new DatabaseException($"the scratch server ended before it was ready: {reason}{await SaidAsync()}");
            await Task.Delay(Pause, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task<Secret> FindAsync(ScratchAddress address, Func<Secret, CancellationToken, Task> ask, CancellationToken cancellation)
    {
        // A dump that came in meanwhile may have changed who may do that.
        if (!_isPrepared)
            await _kind.PrepareAsync(address, _places, cancellation);
        _isPrepared = true;
        var uris = _kind.Uris(address);
        foreach (var uri in uris.SkipLast(1))
        {
            try
            {
                await ask(uri, cancellation);
                return uri;
            }
            catch (DatabaseException)
            {
                // Perhaps the next one; the last one says what is wrong.
            }
        }
        await ask(uris[^1], cancellation);
        return uris[^1];
    }

    /// <summary>Why it does not run any more; null while it runs.</summary>
    public async Task<string?> WhyEndedAsync()
    {
        try
        {
            var state = (await _engine.InspectAsync(_id, CancellationToken.None))?.State;
            return state switch
            {
                null => "its container was removed by somebody",
                { OomKilled: true } => "it needed more memory than BACKUP_DRILL_MEMORY allows; raise that",
                { Running: true } => null,
                _ => $"exit code {state.ExitCode}",
            };
        }
        catch (DockerException error)
        {
            return error.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _places.Dispose();
        using var limit = new CancellationTokenSource(RemovalPatience, _time);
        await _engine.RemoveAsync(_id, limit.Token);
    }

    private async Task<string> SaidAsync()
    {
        try
        {
            var lines = await _engine.LastLinesAsync(_id, LastLines, CancellationToken.None);
            return lines.Length > 0 ? $". Its last lines: {lines.Replace(_password, "***", StringComparison.Ordinal)}" : "";
        }
        catch (DockerException)
        {
            // What is known says enough.
            return "";
        }
    }
}
