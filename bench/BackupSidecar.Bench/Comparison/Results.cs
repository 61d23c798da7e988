namespace BackupSidecar.Bench.Comparison;

/// <summary>What all rounds measured, in the order of the rounds.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Tool, Job Job), List<Measurement>> _measurements = [];
    private readonly Dictionary<(string Tool, Job Job), string> _reasons = [];

    /// <summary>What the tools that are here call themselves.</summary>
    public List<string> Versions { get; } = [];

    /// <summary>Whether something failed that was here and should have worked.</summary>
    public bool HasFailures { get; set; }

    public void Add(Tool tool, Job job, Measurement measurement)
    {
        if (!_measurements.TryGetValue((tool.Name, job), out var all))
            _measurements[(tool.Name, job)] = all = [];
        all.Add(measurement);
    }

    /// <summary>From now on, and what was measured so far does not count. Without a backup there is nothing to restore or to verify.</summary>
    public void LeaveOut(Tool tool, Job job, string reason)
    {
        foreach (var later in Enum.GetValues<Job>().Where(later => later == job || job == Job.Backup))
        {
            _reasons[(tool.Name, later)] = reason;
            _measurements.Remove((tool.Name, later));
        }
    }

    public bool IsLeftOut(Tool tool, Job job) => _reasons.ContainsKey((tool.Name, job));

    /// <summary>Null where it is not left out.</summary>
    public string? ReasonFor(Tool tool, Job job) => _reasons.GetValueOrDefault((tool.Name, job));

    /// <summary>Null where nothing was measured.</summary>
    public Spread? Of(Tool tool, Job job, Figure figure) =>
        _measurements.TryGetValue((tool.Name, job), out var all) ? Spread.Of(all.Select(measurement => measurement[figure])) : null;

    /// <summary>What the target is about, round by round; null where one of the two was not measured.</summary>
    public Spread? RatioOf(Target target)
    {
        if (!_measurements.TryGetValue((target.Ours, target.Job), out var ours) || !_measurements.TryGetValue((target.Peer, target.Job), out var peers))
            return null;
        return Spread.Of(ours.Zip(peers, (mine, theirs) => mine[target.Figure] / theirs[target.Figure]));
    }
}
