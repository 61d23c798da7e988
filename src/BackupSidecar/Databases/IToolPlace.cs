using System.Text;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>
/// Where the tools of a database run: here, over the network (<see cref="LocalPlace"/>), or inside the database's own container
/// (<see cref="ContainerPlace"/>), where they always fit the server.
/// </summary>
internal interface IToolPlace
{
    /// <summary>For manifests and people: "client", or "exec in container shop_db_1".</summary>
    string Via { get; }

    /// <summary>The name by which a tool in this place reaches the server that a URI calls <paramref name="host"/>.</summary>
    string HostFor(string host);

    /// <summary>Starts a tool. What is secret may stand in its environment, never in its arguments.</summary>
    /// <exception cref="ProcessFailedException">The tool is not there.</exception>
    /// <exception cref="DatabaseException">The place cannot be reached.</exception>
    Task<IRunningTool> StartAsync(Command command, CancellationToken cancellation);
}

/// <summary>A tool that runs, as <see cref="RunningProcess"/> is one: its streams, its end, and a way to end it at once.</summary>
internal interface IRunningTool : IAsyncDisposable
{
    /// <summary>What the tool reads. Close it to give the tool its end of input.</summary>
    Stream StandardInput { get; }

    /// <summary>What the tool writes. It must be read to its end, or the tool will wait for ever.</summary>
    Stream StandardOutput { get; }

    /// <summary>Waits for the end. On cancellation the tool is killed before this throws.</summary>
    Task<ProcessResult> WaitAsync(CancellationToken cancellation);

    /// <summary>Ends the tool at once; returns before it has ended.</summary>
    void Kill();
}

/// <summary>What is the same in every place.</summary>
internal static class ToolPlaceExtensions
{
    private const int OutputLimit = 1024 * 1024;

    /// <summary>Runs a tool that needs no input, and returns how it ended and what it printed (its first mebibyte).</summary>
    public static async Task<(ProcessResult Result, string Output)> RunAsync(
        this IToolPlace place, Command command, CancellationToken cancellation)
    {
        await using var tool = await place.StartAsync(command, cancellation);
        tool.StandardInput.Close();
        var output = new MemoryStream();
        await ProgramStreams.PumpAsync(tool.StandardOutput, Take, tool.Kill, cancellation);
        return (await tool.WaitAsync(cancellation), Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length));

        bool Take(byte[] chunk, int length)
        {
            // What is beyond the limit is read all the same, so that the tool does not wait, and dropped.
            output.Write(chunk, 0, Math.Min(length, OutputLimit - (int)output.Length));
            return true;
        }
    }
}
