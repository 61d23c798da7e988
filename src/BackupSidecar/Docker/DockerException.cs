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

    /// <summary>
    /// Nothing is wrong with what was asked: the connection or the answer failed to come, or the proxy in front of the engine
    /// did not find it. Whether the engine did what was asked is not known.
    /// </summary>
    public bool IsUnreachable => Status is null
        ? InnerException is not null
        : Status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
