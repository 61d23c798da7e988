using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Xml;
using Amazon.Runtime;

namespace BackupSidecar.Stores.S3;

/// <summary>What was tried, as an infinitive with its object ("write s3://b/app/x"), and the right that it needs ("s3:PutObject").</summary>
internal sealed record S3Attempt(string What, string Right);

/// <summary>
/// Turns what the SDK throws into what a person can act on, and decides whether another try can help. No message holds more
/// of the credentials than the service itself would show.
/// </summary>
internal static class S3Failures
{
    public static StoreException Describe(S3Attempt attempt, S3Connection connection, SilenceWatch watch, Exception cause)
    {
        var (explanation, isTransient) = Explain(attempt, connection, watch, cause);
        return new S3StoreException($"S3: cannot {attempt.What}: {explanation}", isTransient, cause)
        {
            IsDenied = explanation == Denied(attempt),
            Status = ServiceErrorIn(cause)?.StatusCode ?? Within<BusyException>(cause)?.Status,
            Code = ServiceErrorIn(cause)?.ErrorCode,
            RetryAfter = Within<BusyException>(cause)?.RetryAfter,
        };
    }

    /// <summary>A success without what every server says of one, such as the page of a proxy: what it means is not known, and another try may tell.</summary>
    public static void ThrowIfNone(object? evidence, S3Attempt attempt, S3Connection connection)
    {
        if (evidence is null or "")
            throw new StoreException($"S3: cannot {attempt.What}: what {connection.Server} answered is not the answer of an S3 server.", isTransient: true);
    }

    private static (string Explanation, bool IsTransient) Explain(S3Attempt attempt, S3Connection connection, SilenceWatch watch, Exception cause)
    {
        var server = connection.Server;
        if (watch.HasFired)
            return ($"{server} fell silent for {watch.Limit.TotalSeconds:0} s.", true);
        if (Within<BusyException>(cause) is { } busy)
            return ($"{server} is busy (HTTP {(int)busy.Status}) and asks to be left alone for {busy.RetryAfter.TotalSeconds:0} s.", true);
        if (Within<AuthenticationException>(cause) is { } answer && IsNoTls(answer))
            return ($"{server} does not answer in TLS; it seems to speak plain http on that port. Correct the port, or write http:// in BACKUP_S3_ENDPOINT.", false);
        if (Within<AuthenticationException>(cause) is { } tls)
            return ($"no trusted TLS connection to {server}: {tls.Message} {ExplainTrust(connection)}", false);
        if (Within<XmlException>(cause) is not null && ServiceErrorIn(cause)?.StatusCode is null or default(HttpStatusCode) or HttpStatusCode.OK)
            return ($"the answer of {server} breaks off, or is not the answer of an S3 server.", true);
        if (ServiceErrorIn(cause) is { } error && error.StatusCode != default(HttpStatusCode))
            return ExplainService(attempt, connection, error);
        if (Within<SocketException>(cause) is { } socket)
            return ($"{server} cannot be reached: {socket.Message}. Check BACKUP_S3_ENDPOINT and the network.", true);
        if (Within<HttpRequestException>(cause) is not null || Within<IOException>(cause) is not null)
            return ($"the connection to {server} broke: {Innermost(cause).Message}", true);
        return (Innermost(cause).Message.ReplaceLineEndings(" "), false);
    }

    /// <summary>What came is not even the frame of a TLS message. The system has no code for that, only these words.</summary>
    private static bool IsNoTls(AuthenticationException failure) => failure.Message.Contains("frame", StringComparison.Ordinal);

    private static string ExplainTrust(S3Connection connection) => connection.HasCaFile
        ? "Neither the system's authorities nor those in BACKUP_S3_CA_FILE vouch for it, or it is made out to another host."
        : "If it uses a private authority, name its certificate in BACKUP_S3_CA_FILE.";

    private static (string Explanation, bool IsTransient) ExplainService(S3Attempt attempt, S3Connection connection, AmazonServiceException error) =>
        error.ErrorCode switch
        {
            "NoSuchBucket" => ($"the bucket {connection.Bucket} does not exist. Create it, or correct BACKUP_S3_BUCKET.", false),
            "InvalidAccessKeyId" => ("the server does not know the access key. Check BACKUP_S3_ACCESS_KEY.", false),
            "SignatureDoesNotMatch" => ("the secret key is not the one of this access key. Check BACKUP_S3_SECRET_KEY.", false),
            "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired" => ("the session token has expired or is invalid. Renew the credentials.", false),
            "RequestTimeTooSkewed" => ($"the clocks differ too much{DescribeSkew(connection.ClockSkew)}. Set the clock of this machine.", false),
            "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect" or "IllegalLocationConstraintException" =>
                ($"the bucket is in another region ({error.Message}). Correct BACKUP_S3_REGION or BACKUP_S3_ENDPOINT.", false),
            "QuotaExceeded" => ("the storage quota is used up. Raise it, or keep fewer backups there.", false),
            "RequestTimeout" or "SlowDown" or "Throttling" or "ThrottlingException" or "ServiceUnavailable" or "InternalError" =>
                ($"the server is busy or failing ({error.ErrorCode}: {error.Message})", true),
            "BadDigest" or "XAmzContentSHA256Mismatch" or "IncompleteBody" =>
                ($"what arrived there is not what was sent ({error.ErrorCode}: {error.Message}). Something on the way changes or drops bytes.", true),
            "AccessDenied" or "AllAccessDisabled" => (Denied(attempt), false),
            _ when error.StatusCode == HttpStatusCode.Forbidden => (Denied(attempt), false),
            _ when error.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Redirect or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect =>
                ("the server redirects to another address, which is never followed. Correct BACKUP_S3_ENDPOINT or BACKUP_S3_REGION.", false),
            _ => ($"the server answered {(int)error.StatusCode} {error.ErrorCode}: {error.Message}", IsTransient(error.StatusCode)),
        };

    /// <summary>" (the server's is 17 min ahead)", or nothing where it is not known.</summary>
    public static string DescribeSkew(TimeSpan? skew) =>
        skew is { } known ? $" (the server's is {known.Duration().TotalMinutes:0.#} min {(known > TimeSpan.Zero ? "ahead" : "behind")})" : "";

    private static string Denied(S3Attempt attempt) => $"access denied. The credentials need the right {attempt.Right}.";

    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || ((int)status >= 500 && status != HttpStatusCode.NotImplemented);

    private static AmazonServiceException? ServiceErrorIn(Exception exception) => Within<AmazonServiceException>(exception);

    private static T? Within<T>(Exception? exception)
        where T : Exception
    {
        while (exception is not null and not T)
            exception = exception.InnerException;
        return exception as T;
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;
}

/// <summary>A refusal by an S3 server, with its status and error code where there was an answer.</summary>
internal sealed class S3StoreException(string message, bool isTransient, Exception cause) : StoreException(message, isTransient, cause)
{
    public HttpStatusCode? Status { get; init; }

    public string? Code { get; init; }

    /// <summary>When the server wants to be asked again, from its answer on; null if it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The server cannot be reached or fell silent: the SDK's status is then missing or zero.</summary>
    public bool HadNoAnswer => IsTransient && Status.GetValueOrDefault() == default;

    public bool IsNotFound => Status == HttpStatusCode.NotFound && Code != "NoSuchBucket";

    /// <summary>The server does not know conditional writes (and says so; those that ignore them cannot be told apart).</summary>
    public bool RefusesCondition =>
        Status == HttpStatusCode.NotImplemented
        || (Status == HttpStatusCode.BadRequest && Code is null or "" or "NotImplemented" or "InvalidArgument" or "InvalidRequest" or "BadRequest");
}
