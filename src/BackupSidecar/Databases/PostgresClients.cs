using System.Globalization;
using System.Text.RegularExpressions;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>One installed set of PostgreSQL's client programs. <see cref="Directory"/> is empty for those on the PATH.</summary>
internal sealed record PostgresClient(int Major, string Version, string Directory)
{
    public string Program(string name) => Path.Combine(Directory, name);
}

/// <summary>
/// The PostgreSQL clients of this machine, which may have several versions side by side as Debian installs them. A pg_dump
/// reads servers up to its own version; what it writes restores best into a server that is not older than it.
/// </summary>
internal sealed partial class PostgresClients(string directory = "/usr/lib/postgresql")
{
    /// <summary>The newest client: it can ask any server for its version.</summary>
    public async Task<PostgresClient> NewestAsync(CancellationToken cancellation)
    {
        var majors = InstalledMajors();
        return await DescribeAsync(majors.Count > 0 ? BinaryDirectory(majors[^1]) : "", cancellation);
    }

    /// <summary>The oldest client that reads a server of that version; the newest if there is none.</summary>
    public async Task<PostgresClient> ForServerAsync(int serverMajor, CancellationToken cancellation)
    {
        var fitting = InstalledMajors().Where(major => major >= serverMajor).ToList();
        return fitting.Count > 0 ? await DescribeAsync(BinaryDirectory(fitting[0]), cancellation) : await NewestAsync(cancellation);
    }

    private List<int> InstalledMajors() =>
        !System.IO.Directory.Exists(directory)
            ? []
            : System.IO.Directory.EnumerateDirectories(directory)
                .Select(Path.GetFileName)
                .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0)
                .Where(major => major > 0 && File.Exists(Path.Combine(BinaryDirectory(major), "pg_dump")))
                .Order()
                .ToList();

    private string BinaryDirectory(int major) => Path.Combine(directory, major.ToString(CultureInfo.InvariantCulture), "bin");

    private static async Task<PostgresClient> DescribeAsync(string binaries, CancellationToken cancellation)
    {
        var command = new Command(Path.Combine(binaries, "pg_dump"), "--version");
        var (result, output) = await RunningProcess.RunAsync(command, cancellation);
        var match = VersionLine().Match(output);
        if (!result.Succeeded || !match.Success)
            throw new DatabaseException($"{command} does not say its version. {result.LastWords}".TrimEnd());
        return new PostgresClient(int.Parse(match.Groups["major"].ValueSpan), match.Groups["version"].Value, binaries);
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>(?<major>[0-9]{1,4})[^\s]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VersionLine();
}
