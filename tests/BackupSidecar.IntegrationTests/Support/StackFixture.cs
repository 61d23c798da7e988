using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>What a command in a container said, and how it ended.</summary>
public sealed record ExecResult(int ExitCode, string Output, string Errors);

/// <summary>
/// The stack of Stack/compose.yml under a project name of its own: an application, PostgreSQL, S3 and our image. As an xunit
/// fixture it is up before the first test and gone, with its volumes, after the last.
/// </summary>
public sealed class StackFixture : IAsyncLifetime
{
    public const string Image = "backup-sidecar:test";

    private static readonly string File = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "Stack", "compose.yml"));

    /// <summary>The compose project: its containers are PROJECT_SERVICE_1, its volumes PROJECT_NAME, its network PROJECT_default.</summary>
    public string Project { get; } = $"stack{Guid.NewGuid():N}"[..13];

    /// <summary>A client of the stack's S3 server, from outside. The caller disposes it.</summary>
    public async Task<AmazonS3Client> S3ClientAsync()
    {
        // A stopped and started container publishes another port, so this is asked each time.
        var address = (await ComposeAsync("port", "s3", "8000")).Trim();
        return new AmazonS3Client(new BasicAWSCredentials("testkey", "testsecret"), new AmazonS3Config
        {
            ServiceURL = $"http://{address}",
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
    }

    public async ValueTask InitializeAsync()
    {
        try
        {
            await ComposeAsync("up", "--detach", "--no-build");
            using var s3 = await S3ClientAsync();
            await s3.PutBucketAsync("backups", TestContext.Current.CancellationToken);
        }
        catch
        {
            // A fixture that did not begin is not disposed, and half a stack would stay behind.
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync() =>
        await RunningProcess.RunAsync(Compose("down", "--volumes", "--remove-orphans", "--timeout", "1"), CancellationToken.None);

    /// <summary>Runs a command in the running container of a service, without a terminal and without input.</summary>
    public Task<ExecResult> ExecAsync(string service, params string[] command) =>
        DockerAsync(["exec", ContainerOf(service), .. command]);

    /// <summary>Runs our image in a container of its own, with the settings, the volumes and the network of the service "backup".</summary>
    public Task<ExecResult> RunOnceAsync(params string[] command) => TryAsync(Compose(["run", "--rm", "-T", "--no-deps", "backup", .. command]));

    public Task StartAsync(string service) => ComposeAsync("start", service);

    /// <summary>Starts the S3 server, which then is empty, and makes the bucket when it answers.</summary>
    public async Task StartS3Async()
    {
        await StartAsync("s3");
        while ((await DockerAsync("container", "inspect", "--format", "{{.State.Health.Status}}", ContainerOf("s3"))).Output.Trim() != "healthy")
            await Task.Delay(200, TestContext.Current.CancellationToken);
        using var s3 = await S3ClientAsync();
        await s3.PutBucketAsync("backups", TestContext.Current.CancellationToken);
    }

    public Task StopAsync(string service) => ComposeAsync("stop", "--timeout", "5", service);

    /// <summary>Ends the container of a service at once, as a crash would.</summary>
    public Task KillAsync(string service) => ComposeAsync("kill", "-s", "SIGKILL", service);

    public async Task<bool> IsRunningAsync(string service)
    {
        var result = await DockerAsync("container", "inspect", "--format", "{{.State.Running}}", ContainerOf(service));
        return result.ExitCode == 0 && result.Output.Trim() == "true";
    }

    /// <summary>Any command of the docker program, for what the others do not do.</summary>
    public static async Task<ExecResult> DockerAsync(params string[] arguments) => await TryAsync(new Command("docker", arguments));

    public string ContainerOf(string service) => $"{Project}_{service}_1";

    private async Task<string> ComposeAsync(params string[] arguments)
    {
        var command = Compose(arguments);
        var result = await TryAsync(command);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException($"{command} ended with {result.ExitCode}: {result.Errors}");
    }

    private Command Compose(params string[] arguments) => new("docker-compose", ["--project-name", Project, "--file", File, .. arguments]);

    private static async Task<ExecResult> TryAsync(Command command)
    {
        var (result, output) = await RunningProcess.RunAsync(command, TestContext.Current.CancellationToken);
        return new ExecResult(result.ExitCode, output, result.LastWords);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
