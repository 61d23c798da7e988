namespace BackupSidecar.Failpoints;

/// <summary>What a failpoint throws: it stands for a disk or a connection that fails just there.</summary>
internal sealed class FailpointException(Failpoint point) : IOException($"The failpoint {point} was told to fail.");
