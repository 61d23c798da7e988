namespace BackupSidecar.Backrest;

/// <summary>Backrest's configuration could not be read, changed or applied. The message says what was attempted, what stands in the way, and what to do.</summary>
internal sealed class BackrestException(string message, Exception? cause = null) : Exception(message, cause);
