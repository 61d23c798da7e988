using System.Text;
using BackupSidecar.Bench.Comparison;

namespace BackupSidecar.Bench.Reports;

/// <summary>The results as they stand in docs/performance.md.</summary>
internal sealed class MarkdownReport(IReadOnlyList<Tool> tools, Results results)
{
    private const double Mebibyte = 1024 * 1024;
    private readonly StringBuilder _text = new();

    /// <param name="circumstances">What was measured, where and when.</param>
    public string Write(string circumstances)
    {
        _text.AppendLine("![Time, CPU time and size, by tool](performance.svg)").AppendLine();
        _text.AppendLine(circumstances).AppendLine();
        WriteJob("Backup", Job.Backup);
        WriteJob("Restore", Job.Restore);
        WriteJob("Verify: the whole content, without writing it", Job.Verify);
        WriteTargets();
        _text.AppendLine($"Versions: {string.Join(", ", results.Versions.Select(version => version.Trim('*', ' ')).Distinct())}.");
        return _text.ToString();
    }

    private void WriteJob(string title, Job job)
    {
        var isBackup = job == Job.Backup;
        _text.AppendLine($"| {title} | wall, s | CPU, s | peak, MiB |{(isBackup ? " stored, MiB |" : "")}");
        _text.AppendLine($"|---|---|---|---|{(isBackup ? "---|" : "")}");
        foreach (var tool in tools.Where(tool => tool.Commands.ContainsKey(job)))
        {
            if (results.ReasonFor(tool, job) is { } reason)
                _text.AppendLine($"| {tool.Title} | not measured: {OneLine(reason)} | | |{(isBackup ? " |" : "")}");
            else
                WriteRow(tool, job, isBackup);
        }
        _text.AppendLine();
    }

    private void WriteRow(Tool tool, Job job, bool isBackup)
    {
        string Cell(Figure figure, string format) => results.Of(tool, job, figure)?.Text(format) ?? "";
        string Size(Figure figure) => ((results.Of(tool, job, figure)?.Median ?? 0) / Mebibyte).ToString("F0");
        _text.Append($"| {tool.Title} | {Cell(Figure.Wall, "F2")} | {Cell(Figure.Cpu, "F2")} | {Size(Figure.Peak)} |");
        _text.AppendLine(isBackup ? $" {Size(Figure.Stored)} |" : "");
    }

    private void WriteTargets()
    {
        _text.AppendLine("| Ours / peer | what | ratio | at most | |");
        _text.AppendLine("|---|---|---|---|---|");
        foreach (var target in Target.All.Where(target => IsAmong(target.Ours) && IsAmong(target.Peer)))
        {
            var ratio = results.RatioOf(target);
            var verdict = ratio is null ? "not measured" : ratio.Median <= target.Limit ? "reached" : "**not reached**";
            _text.AppendLine(
                $"| {target.Ours} / {target.Peer} | {What(target)} | {ratio?.Text("F3")} | {target.Limit:F2} | {verdict} |");
        }
        _text.AppendLine();
    }

    private bool IsAmong(string name) => tools.Any(tool => tool.Name == name);

    private static string What(Target target) => $"{target.Job} {target.Figure}".ToLowerInvariant();

    private static string OneLine(string text) => text.Split('\n')[0].Replace("|", "\\|");
}
