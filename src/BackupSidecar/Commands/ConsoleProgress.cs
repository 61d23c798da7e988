using BackupSidecar.Reports;
using BackupSidecar.Runs;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>Shows how far a backup is: on a terminal in one line that is kept up to date, elsewhere as a line of the log each minute.</summary>
internal sealed class ConsoleProgress(TextWriter? terminal, ILogger log) : IProgress<RunProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private TextWriter? _terminal = terminal;
    private TimeSpan _nextLine = Interval;

    public void Report(RunProgress value)
    {
        if (_terminal is not null)
        {
            Show(_terminal, Text(value));
        }
        else if (value.Elapsed >= _nextLine)
        {
            _nextLine = value.Elapsed + Interval;
            log.LogInformation("{Progress}", Text(value));
        }
    }

    /// <summary>Bytes, rate and, where the size of the last backup lets it be guessed, the time left.</summary>
    public static string Text(RunProgress progress)
    {
        var so = $"{ReportText.Size(progress.Bytes)} in {ReportText.Time(progress.Elapsed)}";
        if (progress.IsWhole)
            return $"Archived {so}; waiting for the stores";
        var rate = progress.Bytes / Math.Max(progress.Elapsed.TotalSeconds, 1);
        var left = progress.Expected > progress.Bytes && rate >= 1
            ? $", about {ReportText.Time(TimeSpan.FromSeconds(Math.Min((progress.Expected.Value - progress.Bytes) / rate, int.MaxValue)))} left"
            : "";
        return $"Archived {so} ({ReportText.Size((long)rate)}/s){left}";
    }

    /// <summary>A terminal that was closed is done without.</summary>
    private void Show(TextWriter terminal, string text)
    {
        try
        {
            terminal.Write($"{ConsoleLogger.ClearLine}{text}");
        }
        catch (IOException)
        {
            _terminal = null;
        }
    }
}
