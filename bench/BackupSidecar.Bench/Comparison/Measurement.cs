namespace BackupSidecar.Bench.Comparison;

/// <summary>A figure of a measurement.</summary>
internal enum Figure
{
    /// <summary>Seconds from start to end.</summary>
    Wall,

    /// <summary>Seconds of CPU, user and system, of the command and of all that it started and waited for.</summary>
    Cpu,

    /// <summary>Bytes of memory that the largest single process had resident at most.</summary>
    Peak,

    /// <summary>Bytes in the store afterwards.</summary>
    Stored,
}

/// <summary>One run of one command.</summary>
internal sealed record Measurement(double Wall, double Cpu, double Peak, double Stored)
{
    public double this[Figure figure] => figure switch
    {
        Figure.Wall => Wall,
        Figure.Cpu => Cpu,
        Figure.Peak => Peak,
        Figure.Stored => Stored,
        _ => throw new ArgumentOutOfRangeException(nameof(figure)),
    };
}

/// <summary>Median, least and most of several runs.</summary>
internal sealed record Spread(double Median, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    public string Text(string format) => $"{Median.ToString(format)} [{Least.ToString(format)}–{Most.ToString(format)}]";
}
