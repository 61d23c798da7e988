using System.Diagnostics;
using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;

[assembly: AssemblyFixture(typeof(CephServer))]

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>
/// A real S3 server (Ceph) in a container, over http and https, for all tests of this assembly. It starts when the first test
/// asks for it and is removed at the end.
/// </summary>
public sealed class CephServer : IAsyncDisposable
{
    private const string AccessKey = "testkey";
    private const string SecretKey = "testsecret";

    private readonly string _container = $"backup-sidecar-test-stores-{Guid.NewGuid():N}";
    private readonly string _caFile = Path.GetTempFileName();
    private readonly Lazy<Task<(Uri Http, Uri Https)>> _started;

    public CephServer() => _started = new Lazy<Task<(Uri, Uri)>>(StartAsync);

    /// <summary>The address for plain http.</summary>
    public async Task<Uri> HttpAsync() => (await _started.Value).Http;

    /// <summary>The address for https; its certificate is in <see cref="CaFileAsync"/>.</summary>
    public async Task<Uri> HttpsAsync() => (await _started.Value).Https;

    public async Task<string> CaFileAsync()
    {
        await _started.Value;
        return _caFile;
    }

    /// <summary>Makes a bucket of its own for the caller.</summary>
    public async Task<string> NewBucketAsync()
    {
        var bucket = $"test-{Guid.NewGuid():N}";
        using var client = await AdminAsync();
        await client.PutBucketAsync(bucket);
        return bucket;
    }

    /// <summary>A client with all rights, for looking behind the store's back.</summary>
    public async Task<AmazonS3Client> AdminAsync() => new(
        new BasicAWSCredentials(AccessKey, SecretKey),
        new AmazonS3Config
        {
            ServiceURL = (await HttpAsync()).AbsoluteUri,
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
        {
            await DockerAsync(["rm", "--force", "--volumes", _container]);
            await DockerAsync(["network", "rm", _container]);
        }
        File.Delete(_caFile);
    }

    internal static S3StoreSettings Settings(Uri endpoint, string bucket) => new()
    {
        Endpoint = endpoint,
        Bucket = bucket,
        AccessKey = new Secret(AccessKey),
        SecretKey = new Secret(SecretKey),
    };

    /// <summary>The same as variables of the built program.</summary>
    internal static Dictionary<string, string> Variables(Uri endpoint, string bucket) => new()
    {
        ["BACKUP_S3_ENDPOINT"] = endpoint.AbsoluteUri,
        ["BACKUP_S3_BUCKET"] = bucket,
        ["BACKUP_S3_ACCESS_KEY"] = AccessKey,
        ["BACKUP_S3_SECRET_KEY"] = SecretKey,
    };

    private async Task<(Uri Http, Uri Https)> StartAsync()
    {
        // A network of its own keeps it apart from whatever else uses the engine's default one.
        await DockerAsync(["network", "create", _container]);
        await DockerAsync(
        [
            "run", "--detach", "--name", _container, "--network", _container, "--publish", "127.0.0.1::8000", "--publish", "127.0.0.1::8443",
            "--env", $"AK={AccessKey}", "--env", $"SK={SecretKey}", "--env", "SIZE=4294967296", "test/ceph",
        ]);
        await DockerAsync(["exec", _container, "timeout", "60", "sh", "-c", "until test -f /ready; do sleep 0.1; done"]);
        await File.WriteAllTextAsync(_caFile, await DockerAsync(["exec", _container, "cat", "/etc/ceph/ca.crt"]));
        return (new Uri($"http://127.0.0.1:{await PortAsync(8000)}"), new Uri($"https://127.0.0.1:{await PortAsync(8443)}"));
    }

    private async Task<int> PortAsync(int port)
    {
        var published = await DockerAsync(["port", _container, $"{port}/tcp"]);
        return int.Parse(published.Split('\n')[0].Split(':')[^1], CultureInfo.InvariantCulture);
    }

    private static async Task<string> DockerAsync(IEnumerable<string> arguments)
    {
        using var docker = Process.Start(new ProcessStartInfo("docker", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = docker.StandardError.ReadToEndAsync();
        var output = await docker.StandardOutput.ReadToEndAsync();
        await docker.WaitForExitAsync();
        return docker.ExitCode == 0 ? output : throw new InvalidOperationException($"docker {string.Join(' ', arguments)}: {await error}");
    }
}
