using System.Diagnostics;
using System.Globalization;

namespace BackupSidecar.Bench.Comparison;

/// <summary>A command failed; the message holds its last words.</summary>
internal sealed class CommandFailedException(string message) : Exception(message);

/// <summary>Runs lines of bash in a clean environment, under GNU time, which counts every child that was waited for.</summary>
internal sealed class Shell(string work)
{
    private const string Time = "/usr/bin/time";
    private readonly string _log = Path.Combine(work, "log");
    private readonly string _times = Path.Combine(work, "time");

    /// <returns>What the command printed, and what it cost.</returns>
    /// <exception cref="CommandFailedException">It did not end with exit code 0.</exception>
    public (string Output, Measurement Cost) Run(string script, IEnumerable<KeyValuePair<string, string>> environment)
    {
        // Output goes to a file, so that nobody here is busy reading it.
        var start = new ProcessStartInfo(Time, ["-q", "-o", _times, "-f", "%e %U %S %M", "bash", "-c", $"exec > '{_log}' 2>&1 < /dev/null\nset -euo pipefail\n{script}"]);
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!; // Never null without a shell.
        process.WaitForExit();
        var output = File.ReadAllText(_log).Trim();
        if (process.ExitCode != 0)
            throw new CommandFailedException($"exit code {process.ExitCode}: {Last(output, 600)}");
        return (output, Read(File.ReadAllText(_times)));
    }

    private static Measurement Read(string times)
    {
        var numbers = times.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return new Measurement(numbers[0], numbers[1] + numbers[2], numbers[3] * 1024, Stored: 0);
    }

    private static string Last(string text, int letters) => text.Length <= letters ? text : text[^letters..];
}
