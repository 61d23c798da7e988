using System.Text;
using System.Text.Json;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases.Mongo;

/// <summary>
/// MongoDB by mongodump's archive format, with mongodump in its container or here. The URI goes to the tools in a file that only
/// its owner can read, and that is there while they run.
/// </summary>
/// <param name="uri">What to dump or to restore into; a database in its path means only that one.</param>
/// <param name="options">What was said of it in its URI.</param>
/// <param name="places">Where its tools run.</param>
/// <param name="privateDirectory">A directory that only we can read.</param>
/// <param name="log">Told what stays behind in a container.</param>
/// <param name="toolDirectory">Where mongodump and mongorestore are; empty: on the PATH.</param>
internal sealed class MongoServer(
    Secret uri, DatabaseOptions options, ToolPlaces places, string privateDirectory, ILogger log, string toolDirectory = "") : IDatabaseEngine
{
    private readonly MongodbUri _uri = MongodbUri.TryParse(uri.Reveal(), out var parts, out var problem)
        ? parts
        : throw new ArgumentException($"The MongoDB URI cannot be used: {problem}", nameof(uri));

    public string Product => "MongoDB";

    /// <summary>The tools cannot ask a server whether it is there, so this knocks at its port from here. Rights show only in the dump.</summary>
    public async Task<ServerFacts> CheckAsync(CancellationToken cancellation)
    {
        _ = Exclusions();
        await ReachAsync("mongodump", cancellation);
        return new ServerFacts();
    }

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        var place = await FindPlaceAsync("mongodump", cancellation);
        var version = await VersionAsync(place, "mongodump", cancellation);
        await using var config = await WriteConfigAsync(place, cancellation);
        await using var dump = await StartAsync(place, "mongodump", ["--config=" + config.Path, "--archive", .. Exclusions()], cancellation);
        dump.StandardInput.Close();

        var problem = "";
        var counts = await PassingDump.ReadAsync(dump.StandardOutput, (chunk, length) => destination.Write(chunk, 0, length), Read, dump.Kill, cancellation);
        var result = await dump.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failed("mongodump failed", result);
        if (problem.Length > 0)
            throw Failed($"mongodump ended well but its archive does not: {problem}", result);
        return new DumpFacts($"mongodump {version}", null, "collections read one after another (mongodump)") { Via = place.Via, Counts = counts };

        IReadOnlyDictionary<string, long> Read(PassingDump archive)
        {
            try
            {
                return MongoArchive.Read(archive);
            }
            catch (DumpFormatException error)
            {
                problem = error.Message;
                return new Dictionary<string, long>();
            }
        }
    }

    public async Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation)
    {
        _ = Renaming(wanted);
        await ReachAsync("mongorestore", cancellation);
    }

    /// <summary>Each collection of the dump replaces the one of its name; others stay. Not one transaction: MongoDB has none for this.</summary>
    public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        var place = await FindPlaceAsync("mongorestore", cancellation);
        await using var config = await WriteConfigAsync(place, cancellation);
        await using var restore = await StartAsync(
            place, "mongorestore", ["--config=" + config.Path, "--archive", .. Renaming(wanted)], cancellation);
        var draining = DrainAsync(restore, cancellation);
        await ProgramStreams.PumpAsync(
            dump, (chunk, length) => ProgramStreams.TryWrite(restore.StandardInput, chunk, length), restore.Kill, cancellation);
        restore.StandardInput.Close();
        await draining;
        await CompleteRestoreAsync(restore, cancellation);
    }

    /// <summary>
    /// Restores what <c>mongodump --out</c> made: a directory with one directory for each database. Where the URI names a
    /// database, mongorestore wants that one's directory.
    /// </summary>
    public async Task RestoreDirectoryAsync(string dumpDirectory, CancellationToken cancellation)
    {
        var place = new LocalPlace();
        await VersionAsync(place, "mongorestore", cancellation);
        var directory = Path.Combine(dumpDirectory, _uri.Database);
        if (!Directory.Exists(directory))
            throw new DatabaseException($"the backup holds no dump of the database '{_uri.Database}'");
        await using var config = await WriteConfigAsync(place, cancellation);
        await using var restore = await StartAsync(place, "mongorestore", ["--config=" + config.Path, "--drop", "--dir=" + directory], cancellation);
        restore.StandardInput.Close();
        await DrainAsync(restore, cancellation);
        await CompleteRestoreAsync(restore, cancellation);
    }

    private static Task<bool> DrainAsync(IRunningTool tool, CancellationToken cancellation) =>
        ProgramStreams.PumpAsync(tool.StandardOutput, (_, _) => true, tool.Kill, cancellation);

    private static async Task CompleteRestoreAsync(IRunningTool restore, CancellationToken cancellation)
    {
        var result = await restore.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failed("mongorestore failed, and the database may hold a part of the backup", result);
    }

    private Task<IToolPlace> FindPlaceAsync(string tool, CancellationToken cancellation) =>
        places.FindAsync(_uri.Hosts[0].Host, options.Via, [tool], cancellation);

    private async Task ReachAsync(string tool, CancellationToken cancellation)
    {
        var place = await FindPlaceAsync(tool, cancellation);
        await VersionAsync(place, tool, cancellation);
        if (place is LocalPlace)
            await MongoKnock.RequireServerAsync(_uri, cancellation);
    }

    private string[] Exclusions() => options.ExcludedTables.Count == 0 || _uri.Database.Length > 0
        ? [.. options.ExcludedTables.Select(collection => "--excludeCollection=" + collection)]
        : throw new DatabaseException("mongodump leaves collections out (backup.exclude_table) only where the URI names a database");

    private string[] Renaming(DumpRestore wanted) => (wanted.DatabaseAs, _uri.Database) switch
    {
        (null, _) => ["--drop"],
        (_, "") => throw new DatabaseException("only one database can be restored under another name (--database-as), and the URI means all of them."),
        var (name, database) when name == database =>
            throw new DatabaseException($"'{name}' is the database itself; --database-as makes another one beside it."),
        // Without --drop: what another database of that name holds is not replaced, and the first thing in the way ends it.
        var (name, database) => ["--stopOnError", $"--nsFrom={database}.*", $"--nsTo={name}.*"],
    };

    private async Task<string> VersionAsync(IToolPlace place, string tool, CancellationToken cancellation)
    {
        try
        {
            var (result, output) = await place.RunAsync(new Command(Path.Combine(toolDirectory, tool), "--version"), cancellation);
            if (!result.Succeeded)
                throw Failed($"{tool} cannot even tell its version", result);
            return output.Split('\n')[0].Replace(tool + " version: ", "", StringComparison.Ordinal).Trim();
        }
        catch (ProcessFailedException error)
        {
            throw new DatabaseException(
                $"{tool} is not installed. It belongs to the MongoDB Database Tools, which Debian does not ship: "
                + "build the image with --build-arg WITH_MONGODB_TOOLS=1, or install the package mongodb-database-tools.", error);
        }
    }

    private Task<IRunningTool> StartAsync(IToolPlace place, string tool, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        place.StartAsync(new Command(Path.Combine(toolDirectory, tool), arguments) { EndsWithUs = true }, cancellation);

    /// <summary>The tools' configuration file. What is a string for JSON is one for YAML too.</summary>
    private Task<PlacedFile> WriteConfigAsync(IToolPlace place, CancellationToken cancellation) => PlacedFile.WriteAsync(
        place, privateDirectory, Encoding.UTF8.GetBytes($"uri: \"{JsonEncodedText.Encode(Reachable(place))}\"\n"), log, cancellation);

    /// <summary>
    /// The URI with the host by which the place reaches the server. It stays as it is where several hosts stand for one database,
    /// and where TLS compares the name with the server's certificate.
    /// </summary>
    private string Reachable(IToolPlace place)
    {
        var text = uri.Reveal();
        var start = text.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = text.IndexOfAny(['/', '?'], start) is var found and >= 0 ? found : text.Length;
        var query = text[end..];
        if (_uri.Hosts is not [var (host, port)] || _uri.IsServerList || place.HostFor(host) == host
            || query.Contains("tls=true", StringComparison.OrdinalIgnoreCase) || query.Contains("ssl=true", StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }
        var at = text.LastIndexOf('@', end - 1, end - start) is var sign and >= 0 ? sign + 1 : start;
        return text[..at] + place.HostFor(host) + (port.Length > 0 ? ":" + port : "") + query;
    }

    private static DatabaseException Failed(string what, ProcessResult result) =>
        new($"{what}: {result.Ending}");
}
