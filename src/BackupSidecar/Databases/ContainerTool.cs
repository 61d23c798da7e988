using BackupSidecar.Docker;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>A tool that runs in a container. The first line of its standard error is its process id there.</summary>
internal sealed class ContainerTool : IRunningTool
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);

    private readonly DockerEngine _engine;
    private readonly string _container;
    private readonly LastWords _lastWords = new();
    private readonly TaskCompletionSource<string> _processId = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ContainerExec _exec = null!; // Set by the only way to make one.
    private ContainerExec? _lifeline;
    private int _isKilled;

    private ContainerTool(DockerEngine engine, string container) => (_engine, _container) = (engine, container);

    public Stream StandardInput => _exec.StandardInput;

    public Stream StandardOutput => _exec.StandardOutput;

    /// <exception cref="DockerException">The engine refuses, or the tool cannot be tied to us.</exception>
    public static async Task<IRunningTool> StartAsync(
        DockerEngine engine, string container, ExecRequest program, bool endsWithUs, CancellationToken cancellation)
    {
        var tool = new ContainerTool(engine, container);
        tool._exec = await engine.ExecAsync(container, program, tool.Hear, cancellation);
        try
        {
            if (endsWithUs)
                await tool.TieAsync(cancellation);
            return tool;
        }
        catch
        {
            await tool.DisposeAsync();
            throw;
        }
    }

    public async Task<ProcessResult> WaitAsync(CancellationToken cancellation)
    {
        try
        {
            var exitCode = await _exec.WaitAsync(cancellation);
            return exitCode is { } code
                ? new ProcessResult(code, _lastWords.ToString())
                : new ProcessResult(-1, $"the Docker engine does not know how it ended {_lastWords}".Trim());
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw;
        }
        catch (DockerException error)
        {
            return new ProcessResult(-1, $"{error.Message} {_lastWords}".Trim());
        }
    }

    public void Kill()
    {
        if (Interlocked.Exchange(ref _isKilled, 1) == 0)
            _ = Task.Run(KillAsync);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_exec.HasEnded && Interlocked.Exchange(ref _isKilled, 1) == 0)
            await KillAsync();
        await _exec.DisposeAsync();
        await UntieAsync();
    }

    /// <summary>
    /// The engine lets a tool go on when we are gone. So a shell beside it waits for a word from us, and ends the tool if its
    /// input ends without one.
    /// </summary>
    private async Task TieAsync(CancellationToken cancellation)
    {
        await Task.WhenAny(_processId.Task, _exec.EndsWithinAsync(StartPatience));
        if (_processId.Task.IsCompletedSuccessfully)
        {
            var wait = new ExecRequest { Cmd = ["sh", "-c", "read -r word; [ \"$word\" = ended ] || kill -KILL \"$0\"", await _processId.Task] };
            _lifeline = await _engine.ExecAsync(_container, wait, _ => { }, cancellation);
        }
        else if (!_exec.HasEnded)
        {
            // What has ended by now needs no end, and says itself why.
            throw new DockerException(
                $"it was started, but said nothing within {StartPatience.TotalSeconds:F0} s, not even its process id; without that it would go on should this program be killed. "
                + "Is the host overloaded? BACKUP_DUMP_VIA=client runs it here instead.");
        }
    }

    private async Task UntieAsync()
    {
        if (_lifeline is null)
            return;
        try
        {
            _lifeline.StandardInput.Write("ended\n"u8);
            _lifeline.StandardInput.Close();
            await _lifeline.EndsWithinAsync(EndPatience);
        }
        catch (IOException)
        {
            // The container has gone, and the shell with it.
        }
        await _lifeline.DisposeAsync();
    }

    private void Hear(string line)
    {
        if (!_processId.TrySetResult(line))
            _lastWords.Add(line);
    }

    /// <summary>Ends the tool; where that fails the connection is given up, so that nobody waits for it.</summary>
    private async Task KillAsync()
    {
        try
        {
            var id = await _processId.Task.WaitAsync(EndPatience, _engine.Time);
            await using var kill = await _engine.ExecAsync(
                _container, new ExecRequest { Cmd = ["sh", "-c", "kill -KILL \"$0\"", id], AttachStdin = false }, _ => { }, CancellationToken.None);
            await kill.WaitAsync(CancellationToken.None).WaitAsync(KillPatience, _engine.Time);
            // A child of the tool may keep its streams.
            if (!await _exec.EndsWithinAsync(EndPatience))
                await _exec.DisposeAsync();
        }
        catch (Exception error) when (error is DockerException or TimeoutException or IOException)
        {
            await _exec.DisposeAsync();
        }
    }
}
