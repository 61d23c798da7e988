using BackupSidecar.Bench.Content;

namespace BackupSidecar.Bench.Comparison;

/// <summary>
/// Runs every tool in turn (A B C A B C …), one round to warm up and then as many as asked for: first all backups, then all restores,
/// each compared with the corpus, then all verifications. A tool that is missing or fails is left out from there on.
/// </summary>
internal sealed class Rounds(Workspace workspace, IReadOnlyList<Tool> tools, int runs, TextWriter progress)
{
    private readonly Results _results = new();

    public Results Run()
    {
        foreach (var tool in tools)
            Probe(tool);
        foreach (var job in Enum.GetValues<Job>())
        {
            for (var round = 0; round <= runs; round++)
            {
                foreach (var tool in tools.Where(tool => tool.Commands.ContainsKey(job) && !_results.IsLeftOut(tool, job)))
                    MeasureOnce(tool, job, round);
            }
        }
        return _results;
    }

    private void Probe(Tool tool)
    {
        workspace.Clear(tool);
        try
        {
            _results.Versions.AddRange(workspace.Shell.Run(tool.Probe, workspace.EnvironmentOf(tool)).Output.Split('\n'));
        }
        catch (CommandFailedException)
        {
            _results.LeaveOut(tool, Job.Backup, tool.Missing);
            progress.WriteLine($"{tool.Title} is left out: {tool.Missing}");
        }
    }

    private void MeasureOnce(Tool tool, Job job, int round)
    {
        try
        {
            var cost = job switch
            {
                Job.Backup => Backup(tool),
                Job.Restore => Restore(tool),
                Job.Verify => Run(tool, job),
                _ => throw new ArgumentOutOfRangeException(nameof(job)),
            };
            progress.WriteLine($"{job} {(round == 0 ? "to warm up" : round)}, {tool.Title}: {cost.Wall:F2} s, {cost.Cpu:F2} s of CPU");
            if (round > 0)
                _results.Add(tool, job, cost);
        }
        catch (CommandFailedException failure)
        {
            _results.HasFailures = true;
            _results.LeaveOut(tool, job, failure.Message);
            progress.WriteLine($"{job}, {tool.Title} failed: {failure.Message}");
        }
    }

    private Measurement Backup(Tool tool)
    {
        workspace.Clear(tool);
        return Run(tool, Job.Backup) with { Stored = workspace.StoredBytes(tool) };
    }

    private Measurement Restore(Tool tool)
    {
        var into = workspace.NewRestore();
        var cost = Run(tool, Job.Restore, into);
        if (TreeDigest.Of(Path.Combine(into, tool.Restored)) != workspace.Digest)
            throw new CommandFailedException("what it restored differs from the corpus");
        workspace.RemoveRestore(into);
        return cost;
    }

    private Measurement Run(Tool tool, Job job, string into = "")
    {
        workspace.Settle(tool, job);
        return workspace.Shell.Run(tool.Commands[job], workspace.EnvironmentOf(tool, into)).Cost;
    }
}
