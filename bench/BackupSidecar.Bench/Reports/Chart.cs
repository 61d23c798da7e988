using System.Security;
using System.Text;
using BackupSidecar.Bench.Comparison;

namespace BackupSidecar.Bench.Reports;

/// <summary>The results as bars, in an SVG that is readable on light and on dark pages.</summary>
internal sealed class Chart(IReadOnlyList<Tool> tools, Results results)
{
    private const int PanelWidth = 460;
    private const int LabelWidth = 215;
    private const int ValueWidth = 50;
    private const int BarHeight = 16;
    private const int RowHeight = 24;
    private const int HeadHeight = 34;

    private readonly StringBuilder _svg = new();

    public string Write()
    {
        (string Title, Job Job, Figure Figure, double Unit)[] panels =
        [
            ("Backup: time, s", Job.Backup, Figure.Wall, 1),
            ("Backup: CPU time, s", Job.Backup, Figure.Cpu, 1),
            ("Restore: time, s", Job.Restore, Figure.Wall, 1),
            ("Stored, MiB", Job.Backup, Figure.Stored, 1024 * 1024),
        ];
        var rows = tools.Count(tool => results.Of(tool, Job.Backup, Figure.Wall) is not null);
        var height = HeadHeight + (rows * RowHeight) + 16;
        Open(2 * PanelWidth, (panels.Length + 1) / 2 * height);
        for (var i = 0; i < panels.Length; i++)
        {
            var (title, job, figure, unit) = panels[i];
            var bars = tools.Select(tool => (tool, Value: results.Of(tool, job, figure)?.Median / unit))
                .Where(bar => bar.Value is not null).Select(bar => (bar.tool, bar.Value!.Value)).ToList();
            Panel(i % 2 * PanelWidth, i / 2 * height, title, bars);
        }
        return _svg.AppendLine("</svg>").ToString();
    }

    private void Open(int width, int height) => _svg.AppendLine(
        $$"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}" width="{{width}}" height="{{height}}" role="img">
        <title>Time, CPU time and size of backups and restores, by tool</title>
        <style>
          text { font: 13px system-ui, sans-serif; fill: #57606a }
          .head { font-weight: 600; fill: #24292f }
          .ours { fill: #1a7f64 }
          .peer { fill: #9aa4af }
          @media (prefers-color-scheme: dark) {
            text { fill: #adbac7 }
            .head { fill: #e6edf3 }
            .ours { fill: #3fb68b }
            .peer { fill: #6e7681 }
          }
        </style>
        """);

    private void Panel(int left, int top, string title, List<(Tool Tool, double Value)> bars)
    {
        _svg.AppendLine($"<text class=\"head\" x=\"{left + 8}\" y=\"{top + 20}\">{SecurityElement.Escape(title)}</text>");
        var most = bars.Select(bar => bar.Value).DefaultIfEmpty(1).Max();
        for (var row = 0; row < bars.Count; row++)
        {
            var (tool, value) = bars[row];
            var y = top + HeadHeight + (row * RowHeight);
            var x = left + LabelWidth;
            var width = Math.Max(1, value / most * (PanelWidth - LabelWidth - ValueWidth));
            var kind = tool.IsOurs ? "ours" : "peer";
            _svg.AppendLine($"<text x=\"{x - 8}\" y=\"{y + 13}\" text-anchor=\"end\">{SecurityElement.Escape(tool.Title)}</text>");
            _svg.AppendLine($"<rect class=\"{kind}\" x=\"{x}\" y=\"{y}\" width=\"{width:F1}\" height=\"{BarHeight}\" rx=\"2\"/>");
            _svg.AppendLine($"<text x=\"{x + width + 6:F1}\" y=\"{y + 13}\">{value.ToString(most >= 100 ? "F0" : "F1")}</text>");
        }
    }
}
