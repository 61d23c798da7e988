namespace BackupSidecar.Runs;

/// <summary>What a run's lock says of it: kind, ID, process, and the host (or container) in which that process is one.</summary>
internal sealed record RunPurpose(string Kind, Guid RunId, int ProcessId, string Host)
{
    /// <summary>Whether the process can be spoken to from here: two containers may share a state directory.</summary>
    public bool IsHere => Host == Environment.MachineName;

    public static RunPurpose Of(string kind, Guid runId) => new(kind, runId, Environment.ProcessId, Environment.MachineName);

    public override string ToString() => $"{Kind} {RunId} of process {ProcessId} on {Host}";

    public static bool TryParse(string? text, out RunPurpose purpose)
    {
        purpose = null!;
        if (text?.Split(' ') is not [var kind, var id, "of", "process", var process, "on", var host]
            || !Guid.TryParse(id, out var runId) || !int.TryParse(process, out var processId))
            return false;
        purpose = new RunPurpose(kind, runId, processId, host);
        return true;
    }
}
