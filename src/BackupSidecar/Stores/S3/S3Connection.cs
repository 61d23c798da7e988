using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using BackupSidecar.Configuration;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// The way to one bucket: an SDK client that is made when it is first needed, and calls through it that are tried again
/// while that can help, end when the server falls silent, and fail as a <see cref="StoreException"/> that says what to do.
/// </summary>
internal sealed class S3Connection(S3StoreSettings settings, Patience patience, TimeProvider clock) : IDisposable
{
    private readonly Lock _making = new();

    // No Lazy<S3Http>: its type alone would bring the SDK into the memory of the daemon, which needs none of it.
    private S3Http? _http;
    private AmazonS3Client? _client;

    public string Bucket => settings.Bucket;

    public Uri Endpoint => settings.Endpoint;

    /// <summary>Host and port of requests; in virtual-host style the bucket is a part of the host.</summary>
    public string Server => $"{(UsesPathStyle ? "" : $"{Bucket}.")}{Endpoint.Host}:{Endpoint.Port}";

    public bool HasCaFile => settings.CaFile is not null;

    public Patience Patience => patience;

    /// <summary>The server's clock minus ours, as of its last answer; null before.</summary>
    public TimeSpan? ClockSkew => _http?.ClockSkew;

    /// <summary>Over TLS the SDK may leave the body out of the signature; over plain HTTP the signature is its only protection.</summary>
    public bool IsEncrypted => settings.Endpoint.Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether uploads carry a SHA-256 that the server checks. Servers other than AWS often refuse it.</summary>
    public bool SendsChecksums => settings.Checksums switch
    {
        S3Checksums.Always => true,
        S3Checksums.WhenRequired => false,
        _ => IsAws,
    };

    private bool UsesPathStyle => settings.PathStyle == PathStyle.Path || (settings.PathStyle == PathStyle.Auto && !IsAws);

    private bool IsAws => settings.Endpoint.Host is var host
        && (host.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".amazonaws.com.cn", StringComparison.OrdinalIgnoreCase));

    /// <summary>Calls, and calls again after failures that may pass.</summary>
    /// <param name="attempt">What is tried, as an infinitive with its object, and the right that it needs.</param>
    /// <param name="call">One call. Whatever reports progress to the watch keeps it from being given up as silent.</param>
    /// <param name="cancellation">Ends the call and the waits.</param>
    public async Task<T> TryAsync<T>(S3Attempt attempt, Func<IAmazonS3, SilenceWatch, Task<T>> call, CancellationToken cancellation)
    {
        var trouble = NewTrouble();
        while (true)
        {
            try
            {
                return await OnceAsync(attempt, call, cancellation);
            }
            catch (StoreException exception) when (trouble.IsBearable(exception))
            {
                await trouble.WaitAsync(cancellation);
            }
        }
    }

    /// <summary>Calls once.</summary>
    public async Task<T> OnceAsync<T>(S3Attempt attempt, Func<IAmazonS3, SilenceWatch, Task<T>> call, CancellationToken cancellation)
    {
        using var watch = new SilenceWatch(patience.LongestAnswer, cancellation);
        try
        {
            return await call(Client, watch);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && exception is not StoreException)
        {
            throw S3Failures.Describe(attempt, this, watch, exception);
        }
    }

    /// <summary>Begins to count the failures of one request.</summary>
    public Trouble NewTrouble() => new(patience, isFirstLook: _http is not { HasAnswered: true }, clock);

    public void Dispose()
    {
        _client?.Dispose();
        _http?.Dispose();
    }

    internal AmazonS3Client Client
    {
        get
        {
            lock (_making)
                return _client ??= CreateClient(_http ??= new S3Http(settings.CaFile, clock));
        }
    }

    private AmazonS3Client CreateClient(S3Http http)
    {
        var config = new AmazonS3Config
        {
            HttpClientFactory = http,
            ForcePathStyle = UsesPathStyle,
            // The SDK's own checksums are sent as trailers that many servers refuse or, worse, store. We send ours.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            IgnoreConfiguredEndpointUrls = true,
            RetryMode = RequestRetryMode.Standard,
            // One retry for what only the SDK can repair: a stale connection, an expired token, a clock that is off.
            MaxErrorRetry = 1,
            BufferSize = 64 * 1024,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (settings.Endpoint.Host == "s3.amazonaws.com")
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        }
        else
        {
            config.ServiceURL = settings.Endpoint.AbsoluteUri;
            config.AuthenticationRegion = settings.Region;
        }
        return (settings.AccessKey, settings.SecretKey) switch
        {
            ({ } id, { } key) when settings.SessionToken is { } token =>
                new AmazonS3Client(new SessionAWSCredentials(id.Reveal(), key.Reveal(), token.Reveal()), config),
            ({ } id, { } key) => new AmazonS3Client(new BasicAWSCredentials(id.Reveal(), key.Reveal()), config),
            _ => new AmazonS3Client(config),
        };
    }
}
