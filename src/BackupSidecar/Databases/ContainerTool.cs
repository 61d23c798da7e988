using BackupSidecar.Docker;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>A tool that runs in a container. The first line of its standard error is its process id there.</summary>
internal sealed class ContainerTool : IRunningTool
{
    private readonly DockerEngine _engine;
    private readonly string _container;
    private readonly LastWords _lastWords = new();
    private readonly TaskCompletionSource<string> _processId = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ContainerExec _exec = null!; // Set by the only way to make one.
    private int _isKilled;

    private ContainerTool(DockerEngine engine, string container) => (_engine, _container) = (engine, container);

    public Stream StandardInput => _exec.StandardInput;

    public Stream StandardOutput => _exec.StandardOutput;

    /// <exception cref="DockerException">The engine refuses.</exception>
    public static async Task<IRunningTool> StartAsync(
        DockerEngine engine, string container, ExecRequest program, CancellationToken cancellation)
    {
        var tool = new ContainerTool(engine, container);
        tool._exec = await engine.ExecAsync(container, program, tool.Hear, cancellation);
        return tool;
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
            var id = await _processId.Task.WaitAsync(TimeSpan.FromSeconds(5));
            await using var kill = await _engine.ExecAsync(
                _container, new ExecRequest { Cmd = ["sh", "-c", "kill -KILL \"$0\"", id], AttachStdin = false }, _ => { }, CancellationToken.None);
            await kill.WaitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
            // A child of the tool may keep its streams.
            if (!await _exec.EndsWithinAsync(TimeSpan.FromSeconds(5)))
                await _exec.DisposeAsync();
        }
        catch (Exception error) when (error is DockerException or TimeoutException or IOException)
        {
            await _exec.DisposeAsync();
        }
    }
}
