using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// The HTTP client below the SDK: follows no redirects (they would carry signed requests to strangers), gives up connecting
/// in bounded time, trusts the certificates of <c>BACKUP_S3_CA_FILE</c> in addition to the system's, notes how far the
/// server's clock is from ours, and lets a server that says when to come back have its way.
/// </summary>
internal sealed class S3Http : HttpClientFactory, IDisposable
{
    private const int MostConnections = 64;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private readonly AnswerWatch _answers;
    private readonly HttpClient _client;

    /// <exception cref="StoreException">The CA file cannot be read.</exception>
    public S3Http(string? caFile, TimeProvider clock)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectLimit,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxConnectionsPerServer = MostConnections,
        };
        if (caFile is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = new AddedRoots(ReadRoots(caFile)).Accepts;
        _answers = new AnswerWatch(handler, clock);
        // Silence is watched per request, by what moves, and not by the time that a whole request takes.
        _client = new HttpClient(_answers) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The server's clock minus ours, as of its last answer; null before.</summary>
    public TimeSpan? ClockSkew => _answers.Skew;

    /// <summary>Whether the server has ever answered, whatever it said.</summary>
    public bool HasAnswered => _answers.HasAnswered;

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose()
    {
        _client.Dispose();
        _answers.Dispose();
    }

    private static X509Certificate2Collection ReadRoots(string caFile)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(caFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StoreException($"S3: BACKUP_S3_CA_FILE {caFile} cannot be read: {exception.Message}", isTransient: false, exception);
        }
        return roots.Count > 0 ? roots : throw new StoreException($"S3: BACKUP_S3_CA_FILE {caFile} holds no certificate in PEM form.");
    }

    private sealed class AnswerWatch(HttpMessageHandler inner, TimeProvider clock) : DelegatingHandler(inner)
    {
        public TimeSpan? Skew { get; private set; }

        public bool HasAnswered { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            HasAnswered = true;
            if (response.Headers.Date is { } date)
                Skew = date - clock.GetUtcNow();
            if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) || RetryAfter(response) is not { } wait)
                return response;
            using (response)
                throw new BusyException(response.StatusCode, wait);
        }

        /// <summary>From this answer on; by the server's own clock where it names a moment.</summary>
        private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
        {
            { Delta: { } wait } => wait,
            { Date: { } moment } => moment - (response.Headers.Date ?? clock.GetUtcNow()) is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
            _ => null,
        };
    }

    /// <summary>Accepts what the system accepts, and chains that end in an added root; a wrong host name never.</summary>
    private sealed class AddedRoots(X509Certificate2Collection roots)
    {
        public bool Accepts(object sender, X509Certificate? certificate, X509Chain? systemChain, SslPolicyErrors errors)
        {
            if (errors == SslPolicyErrors.None)
                return true;
            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null || systemChain is null)
                return false;
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.ExtraStore.AddRange(systemChain.ChainPolicy.ExtraStore);
            // As the system's own check here does: private authorities seldom publish revocations.
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            using var leaf = new X509Certificate2(certificate);
            return chain.Build(leaf);
        }
    }
}

/// <summary>The server has said when to come back. The SDK knows nothing of this, so that it does not come back at once.</summary>
internal sealed class BusyException(HttpStatusCode status, TimeSpan retryAfter) : Exception($"HTTP {(int)status}, Retry-After {retryAfter.TotalSeconds:0} s")
{
    public HttpStatusCode Status => status;

    public TimeSpan RetryAfter => retryAfter;
}
