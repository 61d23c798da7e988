using System.Diagnostics;
using System.Text;

namespace BackupSidecar.Tests.Archives;

/// <summary>The programs of the host, used as a person would: these are what an archive must get along with.</summary>
internal static class Host
{
    /// <summary>Runs a line of bash in which any part of a pipe may fail the whole; returns what it printed.</summary>
    public static byte[] Bash(string line, string directory, byte[]? input = null)
    {
        var start = new ProcessStartInfo("bash", ["-c", "set -euo pipefail; " + line])
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var feeding = Task.Run(() => Feed(process, input ?? []), TestContext.Current.CancellationToken);
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        feeding.Wait(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{line}: exit code {process.ExitCode}: {errors.Result}");
        return output.ToArray();
    }

    public static string Text(string line, string directory) => Encoding.Latin1.GetString(Bash(line, directory));

    private static void Feed(Process process, byte[] input)
    {
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
    }
}
