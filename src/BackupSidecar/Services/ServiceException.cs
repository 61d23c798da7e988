namespace BackupSidecar.Services;

/// <summary>Services could not be found, stopped or started. The message names each of them and what the engine said.</summary>
internal sealed class ServiceException(string message, Exception? cause = null) : Exception(message, cause);
