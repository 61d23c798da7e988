using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>The docker program, as a test uses it.</summary>
internal static class DockerCli
{
    /// <summary>Runs <c>docker</c> with these arguments and returns what it printed, trimmed; fails as docker fails.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var command = new Command("docker", arguments);
        var (result, output) = await RunningProcess.RunAsync(command, TestContext.Current.CancellationToken);
        return result.Succeeded ? output.Trim() : throw ProcessFailedException.For(command, result);
    }
}
