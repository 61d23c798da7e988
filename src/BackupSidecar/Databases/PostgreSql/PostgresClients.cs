using System.Globalization;
using System.Text.RegularExpressions;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>One installed set of PostgreSQL's client programs. <see cref="Directory"/> is empty for those on the PATH.</summary>
internal sealed partial record PostgresClient(int Major, string Version, string Directory)
{
    public string Program(string name) => Path.Combine(Directory, name);

    /// <summary>The client of a place, in that directory or (empty) on its PATH.</summary>
    /// <exception cref="DatabaseException">It does not say its version.</exception>
    public static async Task<PostgresClient> FindAsync(IToolPlace place, string directory, CancellationToken cancellation)
    {
        var command = new Command(Path.Combine(directory, "pg_dump"), "--version");
        var (result, output) = await place.RunAsync(command, cancellation);
        return result.Succeeded && MajorOf(output) is { } major
            ? new PostgresClient(major, VersionLine().Match(output).Groups["version"].Value, directory)
            : throw new DatabaseException($"{command} does not say its version. {result.LastWords}".TrimEnd());
    }

    /// <summary>The major version of a tool, from "pg_dump 15.4" or "pg_dump (PostgreSQL) 15.4"; null if it is none of ours.</summary>
    public static int? MajorOf(string? tool) =>
        VersionLine().Match(tool ?? "") is { Success: true } match ? int.Parse(match.Groups["major"].ValueSpan, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^pg_dump (\(PostgreSQL\) )?(?<version>(?<major>[0-9]{1,4})[^\s]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VersionLine();
}

/// <summary>
/// The PostgreSQL clients of this machine, which may have several versions side by side as Debian installs them. A pg_dump
/// reads servers up to its own version; what it writes restores best into a server that is not older than it.
/// </summary>
internal sealed class PostgresClients(string directory = "/usr/lib/postgresql")
{
    private static readonly LocalPlace Here = new();

    /// <summary>The newest client: it can ask any server for its version, and read the dumps of all others.</summary>
    public async Task<PostgresClient> NewestAsync(CancellationToken cancellation)
    {
        var majors = InstalledMajors();
        return await PostgresClient.FindAsync(Here, majors.Count > 0 ? BinaryDirectory(majors[^1]) : "", cancellation);
    }

    /// <summary>The oldest client that reads a server of that version; the newest if there is none.</summary>
    public async Task<PostgresClient> ForServerAsync(int serverMajor, CancellationToken cancellation)
    {
        var fitting = InstalledMajors().Where(major => major >= serverMajor).ToList();
        return fitting.Count > 0
            ? await PostgresClient.FindAsync(Here, BinaryDirectory(fitting[0]), cancellation)
            : await NewestAsync(cancellation);
    }

    private List<int> InstalledMajors() =>
        !Directory.Exists(directory)
            ? []
            : Directory.EnumerateDirectories(directory)
                .Select(Path.GetFileName)
                .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0)
                .Where(major => major > 0 && File.Exists(Path.Combine(BinaryDirectory(major), "pg_dump")))
                .Order()
                .ToList();

    private string BinaryDirectory(int major) => Path.Combine(directory, major.ToString(CultureInfo.InvariantCulture), "bin");
}
