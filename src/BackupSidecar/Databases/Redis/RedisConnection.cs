using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases.Redis;

/// <summary>
/// How redis-cli (or valkey-cli) reaches a server from the place where it runs. The password goes by its environment; files of TLS
/// that a container needs are brought there and removed again.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    public static IReadOnlyList<string> Programs { get; } = ["redis-cli", "valkey-cli"];

    private readonly RedisUri _uri;
    private readonly List<PlacedFile> _files = [];
    private readonly List<string> _tls = [];
    private string _program = Programs[0];

    private RedisConnection(IToolPlace place, RedisUri uri) => (Place, _uri) = (place, uri);

    public IToolPlace Place { get; }

    /// <summary>"redis-cli 7.0.15".</summary>
    public string Tool { get; private set; } = "";

    /// <summary>Finds the program. Nothing is connected yet: each of its runs does that anew.</summary>
    /// <param name="place">Where it runs.</param>
    /// <param name="uri">The server.</param>
    /// <param name="privateDirectory">A directory that only we can read.</param>
    /// <param name="log">Told what stays behind in a container.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="DatabaseException">There is no such program, or a file of TLS cannot be read.</exception>
    public static async Task<RedisConnection> OpenAsync(
        IToolPlace place, RedisUri uri, string privateDirectory, ILogger log, CancellationToken cancellation)
    {
        var connection = new RedisConnection(place, uri);
        var isOpen = false;
        try
        {
            await connection.FindProgramAsync(cancellation);
            await connection.PlaceTlsAsync(privateDirectory, log, cancellation);
            isOpen = true;
            return connection;
        }
        finally
        {
            if (!isOpen)
                await connection.DisposeAsync();
        }
    }

    public Task<IRunningTool> StartAsync(CancellationToken cancellation, params IEnumerable<string> arguments) =>
        Place.StartAsync(Command(arguments) with { EndsWithUs = true }, cancellation);

    /// <summary>Runs one command on the server. Returns how redis-cli ended, and the reply: an error is one that looks like a text.</summary>
    public async Task<(ProcessResult Result, string Reply)> AskAsync(CancellationToken cancellation, params IEnumerable<string> arguments)
    {
        try
        {
            var (result, output) = await Place.RunAsync(Command(arguments), cancellation);
            return (result, output.Trim());
        }
        catch (IOException error)
        {
            throw new DatabaseException(error.Message, error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files)
            await file.DisposeAsync();
    }

    private Command Command(IEnumerable<string> arguments)
    {
        var server = _uri.Host.StartsWith('/')
            ? new[] { "-s", _uri.Host }
            : ["-h", Place.HostFor(_uri.Host), "-p", _uri.Port.Length > 0 ? _uri.Port : "6379"];
        var user = _uri.User.Length > 0 ? new[] { "--user", _uri.User } : [];
        return new Command(_program, [.. server, .. user, .. _tls, .. arguments])
        {
            Environment = _uri.Password is { } password
                ? new Dictionary<string, string> { ["REDISCLI_AUTH"] = password.Reveal(), ["VALKEYCLI_AUTH"] = password.Reveal() }
                : [],
        };
    }

    private async Task FindProgramAsync(CancellationToken cancellation)
    {
        foreach (var program in Programs)
        {
            try
            {
                var (result, output) = await Place.RunAsync(new Command(program, "--version"), cancellation);
                if (result.Succeeded)
                {
                    (_program, Tool) = (program, output.Split('(')[0].Trim());
                    return;
                }
            }
            catch (ProcessFailedException)
            {
                // Not there; perhaps by its other name.
            }
        }
        throw new DatabaseException($"neither {string.Join(" nor ", Programs)} is installed ({Place.Via}); Debian has redis-cli in its package redis-tools.");
    }

    /// <summary>redis-cli checks who signed the server's certificate, and not what name it bears.</summary>
    private async Task PlaceTlsAsync(string privateDirectory, ILogger log, CancellationToken cancellation)
    {
        if (!_uri.IsTls)
            return;
        _tls.Add("--tls");
        foreach (var (name, path) in _uri.TlsFiles)
        {
            var placed = path;
            if (Place is not LocalPlace)
            {
                var file = await PlacedFile.WriteAsync(Place, privateDirectory, Content(name, path), log, cancellation);
                _files.Add(file);
                placed = file.Path;
            }
            _tls.AddRange(["--" + name, placed]);
        }
    }

    private static byte[] Content(string name, string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException($"the file of its parameter {name} cannot be read: {error.Message}", error);
        }
    }
}
