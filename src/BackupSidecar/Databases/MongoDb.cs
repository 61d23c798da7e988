using System.Globalization;
using System.Net.Sockets;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>
/// MongoDB by mongodump's archive format. The URI goes to the tools in a file that only we can read, which lies in
/// <c>privateDirectory</c> while they run.
/// </summary>
/// <param name="uri">What to dump or to restore into; a database in its path means only that one.</param>
/// <param name="privateDirectory">A directory that only we can read.</param>
/// <param name="toolDirectory">Where mongodump and mongorestore are; empty: on the PATH.</param>
internal sealed class MongoDb(Secret uri, string privateDirectory, string toolDirectory = "") : IDatabaseEngine
{
    private const int DefaultPort = 27017;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    public string Product => "MongoDB";

    /// <summary>The tools cannot ask a server whether it is there, so this knocks at its port. Rights show only in the dump.</summary>
    public async Task<ServerFacts> CheckAsync(CancellationToken cancellation)
    {
        await VersionAsync("mongodump", cancellation);
        var hosts = KnockableHosts(Parse());
        if (hosts.Count == 0)
            return new ServerFacts();
        var knocks = await Task.WhenAll(hosts.Select(host => KnockAsync(host, cancellation)));
        if (knocks.All(problem => problem is not null))
            throw new DatabaseException($"no server answers: {string.Join("; ", knocks)}");
        return new ServerFacts();
    }

    public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => CheckAsync(cancellation);

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        var version = await VersionAsync("mongodump", cancellation);
        using var config = MongoConfig.Write(privateDirectory, uri);
        await using var dump = Start("mongodump", "--config=" + config.Path, "--archive");
        dump.StandardInput.Close();

        var framing = new MongoArchiveFraming();
        await ProgramStreams.PumpAsync(dump.StandardOutput, Take, dump.Kill, cancellation);
        var result = await dump.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failed("mongodump failed", result);
        if (!framing.IsWhole)
            throw Failed("mongodump ended well but its archive does not: it is not an archive, or not whole", result);
        return new DumpFacts($"mongodump {version}", null, "collections read one after another (mongodump)");

        bool Take(byte[] chunk, int length)
        {
            destination.Write(chunk, 0, length);
            framing.Take(chunk.AsSpan(0, length));
            return true;
        }
    }

    /// <summary>Each collection of the dump replaces the one of its name; others stay. Not one transaction: MongoDB has none for this.</summary>
    public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        await VersionAsync("mongorestore", cancellation);
        using var config = MongoConfig.Write(privateDirectory, uri);
        await using var restore = Start("mongorestore", "--config=" + config.Path, "--archive", "--drop");
        await ProgramStreams.PumpAsync(
            dump, (chunk, length) => ProgramStreams.TryWrite(restore.StandardInput, chunk, length), restore.Kill, cancellation);
        restore.StandardInput.Close();
        await CompleteRestoreAsync(restore, cancellation);
    }

    /// <summary>
    /// Restores what <c>mongodump --out</c> made: a directory with one directory for each database. Where the URI names a
    /// database, mongorestore wants that one's directory.
    /// </summary>
    public async Task RestoreDirectoryAsync(string dumpDirectory, CancellationToken cancellation)
    {
        await VersionAsync("mongorestore", cancellation);
        var database = Parse().Database;
        var directory = Path.Combine(dumpDirectory, database);
        if (!Directory.Exists(directory))
            throw new DatabaseException($"the backup holds no dump of the database '{database}'");
        using var config = MongoConfig.Write(privateDirectory, uri);
        await using var restore = Start("mongorestore", "--config=" + config.Path, "--drop", "--dir=" + directory);
        restore.StandardInput.Close();
        await CompleteRestoreAsync(restore, cancellation);
    }

    private static async Task CompleteRestoreAsync(RunningProcess restore, CancellationToken cancellation)
    {
        await ProgramStreams.PumpAsync(restore.StandardOutput, (_, _) => true, restore.Kill, cancellation);
        var result = await restore.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failed("mongorestore failed, and the database may hold a part of the backup", result);
    }

    private async Task<string> VersionAsync(string tool, CancellationToken cancellation)
    {
        try
        {
            var (_, output) = await RunningProcess.RunAsync(new Command(Path.Combine(toolDirectory, tool), "--version"), cancellation);
            return output.Split('\n')[0].Replace(tool + " version: ", "", StringComparison.Ordinal).Trim();
        }
        catch (ProcessFailedException error)
        {
            throw new DatabaseException(
                $"{tool} is not installed. It belongs to the MongoDB Database Tools, which Debian does not ship: "
                + "build the image with --build-arg WITH_MONGODB_TOOLS=1, or install the package mongodb-database-tools.", error);
        }
    }

    private RunningProcess Start(string tool, params string[] arguments) =>
        RunningProcess.Start(new Command(Path.Combine(toolDirectory, tool), arguments));

    private MongodbUri Parse() =>
        MongodbUri.TryParse(uri.Reveal(), out var parts, out var problem)
            ? parts
            : throw new DatabaseException($"The MongoDB URI cannot be used: {problem}");

    /// <summary>None for <c>mongodb+srv</c>, whose hosts stand in the DNS, and none for sockets.</summary>
    private static List<(string Host, int Port)> KnockableHosts(MongodbUri parts) => parts.IsServerList
        ? []
        : [.. parts.Hosts.Where(server => !server.Host.StartsWith('/'))
            .Select(server => (server.Host, server.Port.Length > 0 ? int.Parse(server.Port, CultureInfo.InvariantCulture) : DefaultPort))];

    /// <summary>Null if somebody listens there, else what is wrong.</summary>
    private static async Task<string?> KnockAsync((string Host, int Port) address, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTimeout);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port, limit.Token);
            return null;
        }
        catch (SocketException error)
        {
            return $"{address.Host}:{address.Port} {error.Message}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{address.Host}:{address.Port} did not answer within {ConnectTimeout.TotalSeconds} s";
        }
    }

    private static DatabaseException Failed(string what, ProcessResult result) =>
        new(result.LastWords.Length > 0 ? $"{what}: {result.LastWords}" : $"{what} (exit code {result.ExitCode}, without a word).");
}
