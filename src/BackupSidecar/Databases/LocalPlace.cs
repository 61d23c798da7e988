using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>Tools that run here, as our own children, and reach the server over the network.</summary>
internal sealed class LocalPlace : IToolPlace
{
    public string Via => "client";

    public string HostFor(string host) => host;

    public Task<IRunningTool> StartAsync(Command command, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult<IRunningTool>(new LocalTool(RunningProcess.Start(command)));
    }

    private sealed class LocalTool(RunningProcess process) : IRunningTool
    {
        public Stream StandardInput => process.StandardInput;

        public Stream StandardOutput => process.StandardOutput;

        public Task<ProcessResult> WaitAsync(CancellationToken cancellation) => process.WaitAsync(cancellation);

        public void Kill() => process.Kill();

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}
