using System.Globalization;
using System.Text;

namespace BackupSidecar.Http;

/// <summary>One value with its labels.</summary>
internal readonly record struct Sample(double Value, params (string Name, string Value)[] Labels)
{
    public static Sample Of(DateTimeOffset time, params (string Name, string Value)[] labels) => new(time.ToUnixTimeMilliseconds() / 1000.0, labels);

    public static Sample Of(bool isSo, params (string Name, string Value)[] labels) => new(isSo ? 1 : 0, labels);
}

/// <summary>Metrics in Prometheus' text format 0.0.4. A metric without a value is left out.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const string Prefix = "backup_sidecar_";

    private readonly StringBuilder _text = new();

    public void Gauge(string name, string help, params IEnumerable<Sample> samples) => Add(name, "gauge", help, samples);

    public void Counter(string name, string help, params IEnumerable<Sample> samples) => Add(name, "counter", help, samples);

    public override string ToString() => _text.ToString();

    private void Add(string name, string type, string help, IEnumerable<Sample> samples)
    {
        var all = samples.ToList();
        if (all.Count == 0)
            return;
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {Prefix}{name} {help}\n# TYPE {Prefix}{name} {type}\n");
        foreach (var sample in all)
        {
            var labels = string.Join(',', sample.Labels.Select(label => $"{label.Name}=\"{Escape(label.Value)}\""));
            _text.Append(CultureInfo.InvariantCulture, $"{Prefix}{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {sample.Value:R}\n");
        }
    }

    private static string Escape(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}
