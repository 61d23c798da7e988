namespace BackupSidecar.Databases.Redis;

/// <summary>Starts a server's container and waits until the server has read its data, however long that takes.</summary>
internal sealed class RedisStart(RedisContainer container, RedisConnection connection)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="DatabaseException">The server ends, or does not answer.</exception>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        await container.Place.Engine.StartAsync(container.Place.ContainerId, cancellation);
        await UntilReadyAsync(cancellation);
    }

    public async Task UntilReadyAsync(CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(Patience);
        var last = "it said nothing";
        try
        {
            while (true)
            {
                await RequireRunningAsync(silence.Token);
                var (isReady, said) = await AskAsync(silence.Token);
                if (isReady)
                    return;
                last = said;
                // One that reads a big file says so, and is waited for.
                if (said.Contains("LOADING", StringComparison.Ordinal))
                    silence.CancelAfter(Patience);
                await Task.Delay(Pause, silence.Token);
            }
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new DatabaseException($"The server did not answer within {Patience.TotalSeconds:F0} s after its start: {last}.", error);
        }
    }

    /// <summary>Whether the server has read what the dump holds, and not something else or nothing.</summary>
    /// <exception cref="DatabaseException">It has not.</exception>
    public async Task CheckContentAsync(RdbContent? content, CancellationToken cancellation)
    {
        if (await RedisFiles.AskAsync(connection, cancellation) is var files && files.Path != container.Files.Path)
        {
            throw new DatabaseException(
                $"Since its start the server reads {files.Path}, and before it {container.Files.Path}: its settings had been changed while it ran.");
        }
        if (content is null)
            return;
        var info = await connection.InfoAsync(cancellation);
        if (info.KeysFoundAtStart is { } found ? found != content.AllKeys : content.AllKeys > content.Expiring && !info.HasKeys)
        {
            throw new DatabaseException(
                $"The dump holds {content.AllKeys} keys, and the server found {info.KeysFoundAtStart ?? 0} at its start: "
                + $"it does not read its data from {container.Files.Path}.");
        }
    }

    private async Task<(bool IsReady, string Said)> AskAsync(CancellationToken cancellation)
    {
        try
        {
            var (result, reply) = await connection.AskAsync(cancellation, "PING");
            return (reply == "PONG", RedisQuestions.Said(result, reply));
        }
        catch (Exception error) when (error is DatabaseException or IOException)
        {
            // Between two looks it has ended; the next one tells.
            return (false, error.Message);
        }
    }

    private async Task RequireRunningAsync(CancellationToken cancellation)
    {
        var details = await container.Place.Engine.InspectAsync(container.Place.ContainerId, cancellation);
        if (details is not { State: { Running: true, Restarting: false } })
        {
            throw new DatabaseException(
                $"The server ends at its start; \"docker logs {container.Place.ContainerName}\" says why.");
        }
    }
}
