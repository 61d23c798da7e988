namespace BackupSidecar.Databases.MySql;

/// <summary>
/// Watches a tool that waits for its server. A server whose host or network has gone says nothing more, and a tool would wait for
/// it for ever; so while nothing moves, the server is asked whether it is there. And who holds a table keeps a dump waiting.
/// </summary>
/// <param name="session">The server.</param>
/// <param name="databases">Where somebody may be in the way.</param>
/// <param name="patience">The longest wait for one that answers; infinite for no limit.</param>
internal sealed class ServerWatch(MysqlSession session, IReadOnlyList<string> databases, TimeSpan patience)
{
    private const int MostSilences = 4;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>The longest that one question may take.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);

    private long _movedAt = Environment.TickCount64;
    private bool _isHeld;
    private string? _problem;

    private TimeSpan Waited => _isHeld ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _movedAt));

    /// <summary>Something came, and is worked on here: from now on it is not the server that is waited for.</summary>
    public void Hold() => _isHeld = true;

    /// <summary>It is the server's turn again.</summary>
    public void Release()
    {
        Volatile.Write(ref _movedAt, Environment.TickCount64);
        _isHeld = false;
    }

    /// <summary>Does the work, and ends it when the server has gone or patience is at its end.</summary>
    /// <exception cref="DatabaseException">It was ended so; the message says why.</exception>
    public async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watching = WatchAsync(giveUp, ended.Token);
        try
        {
            return await work(giveUp.Token);
        }
        catch (OperationCanceledException) when (_problem is not null && !cancellation.IsCancellationRequested)
        {
            throw new DatabaseException(_problem);
        }
        finally
        {
            await ended.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(CancellationTokenSource giveUp, CancellationToken ended)
    {
        var pause = patience < TimeSpan.Zero ? LongestPause : TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, patience.Ticks / 3));
        for (var silences = 0; _problem is null;)
        {
            await Task.Delay(pause, ended);
            if (Waited < pause)
                continue;
            // One question that fails may be a full list of connections, or a moment's trouble.
            silences = await AnswersAsync(ended) ? 0 : silences + 1;
            if (silences >= MostSilences)
                _problem = "the server does not answer any more";
            else if (silences == 0 && patience >= TimeSpan.Zero && Waited >= patience)
                _problem = $"nothing came from the server for {patience.TotalSeconds:F0} s: somebody holds a table. {await new MysqlOthers(session, databases).DescribeAsync(ended)}";
        }
        await giveUp.CancelAsync();
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerTime);
        try
        {
            return (await session.Connection.TryQueryAsync("SELECT 1;", null, limit.Token)).Result.Succeeded;
        }
        catch (Exception error) when (error is DatabaseException or IOException
            || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
