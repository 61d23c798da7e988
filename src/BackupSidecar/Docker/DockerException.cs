using System.Net;

namespace BackupSidecar.Docker;

/// <summary>
/// The Docker engine could not be reached or refused. The message says what was attempted, what the engine answered, and,
/// where that is known, what to mount or allow.
/// </summary>
internal sealed class DockerException(string message, HttpStatusCode? status = null, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The HTTP status of the answer, or null if none came.</summary>
    public HttpStatusCode? Status { get; } = status;

    /// <summary>Nothing is wrong with what was asked: the engine was not there, or the proxy in front of it did not find it.</summary>
    public bool IsUnreachable =>
        Status is null or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
