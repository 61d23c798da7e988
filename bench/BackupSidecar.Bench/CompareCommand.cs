using System.Collections;
using BackupSidecar.Bench.Comparison;
using BackupSidecar.Bench.Reports;

namespace BackupSidecar.Bench;

/// <summary>Measures the program and its peers on one corpus, and writes results.md and performance.svg.</summary>
internal static class CompareCommand
{
    /// <returns>1 if something failed that is here, 0 otherwise, whether or not the targets were reached.</returns>
    public static int Run(string program, string work, string output, int mebibytes, int runs, IReadOnlyCollection<string> only)
    {
        var server = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => variable.Key is string name && name.StartsWith("BACKUP_S3_", StringComparison.Ordinal))
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");
        using var bucket = new DiscardingBucket();
        List<Tool> tools = [.. Tools.All(bucket.Settings, server).Where(tool => only.Count == 0 || only.Contains(tool.Name))];
        Console.Error.WriteLine($"Making {mebibytes} MiB to back up");
        var workspace = new Workspace(Path.GetFullPath(work), Path.GetFullPath(program), mebibytes);

        var results = new Rounds(workspace, tools, runs, Console.Error).Run();

        var circumstances =
            $"""
            {mebibytes} MiB in {workspace.Files} files (digest `{workspace.Digest[..16]}`), {Machine.Describe()},
            {DateTimeOffset.UtcNow:d MMMM yyyy}. Medians of {runs} runs in turn after one to warm up [least–most]; everything encrypted with AES-256.
            CPU: the command with all that it started. Peak: its largest single process. Restores go to {(workspace.RestoresToMemory ? "memory" : "fresh folders")}
            and were each compared with what was backed up. Ours flushes to the disk and writes digests; the pipes do neither.
            """;
        var report = new MarkdownReport(tools, results).Write(circumstances);
        Directory.CreateDirectory(output);
        File.WriteAllText(Path.Combine(output, "results.md"), report);
        File.WriteAllText(Path.Combine(output, "performance.svg"), new Chart(tools, results).Write());
        Console.WriteLine(report);
        return results.HasFailures ? 1 : 0;
    }
}
