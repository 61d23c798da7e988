using System.Text;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.MySql;

/// <summary>
/// The way of the tools to one server: address, user and TLS as arguments, the password in their environment (MYSQL_PWD, which
/// both families read and which needs no quoting). Nobody's option files have a say.
/// </summary>
internal sealed class MysqlConnection(MysqlUri uri, IToolPlace place, MysqlTool client)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, string> Causes = new()
    {
        ["ERROR 1044"] = "the user has no right on this database",
        ["ERROR 1045"] = "user or password are wrong, or the user may not connect from there, or not without TLS",
        ["ERROR 1049"] = "there is no such database",
        ["ERROR 1130"] = "the server lets nobody connect from there",
        ["ERROR 2002"] = "nothing listens there, or it cannot be reached",
        ["ERROR 2003"] = "nothing listens there, or it cannot be reached",
        ["ERROR 2005"] = "the name cannot be resolved",
        ["ERROR 2013 (HY000): Lost connection to server at 'handshake"] = $"it did not answer within {ConnectTimeout.TotalSeconds:F0} s",
        ["ERROR 2026"] = "TLS",
    };

    public IToolPlace Place => place;

    public MysqlTool Client => client;

    /// <summary>
    /// What keeps the client from doing anything here for a text: in a file that is read it knows no commands of its own then but the two
    /// that dumps need, runs no program and opens no file, and gives the server none of ours.
    /// </summary>
    public IEnumerable<string> Harmless => client.Version.Family == MysqlFamily.MariaDb
        ? ["--binary-mode", "--batch", "--local-infile=0", "--loose-sandbox"]
        : ["--binary-mode", "--batch", "--local-infile=0"];

    /// <summary>A tool with everything that it needs to connect, before its own arguments.</summary>
    public Command Command(MysqlTool tool, params IEnumerable<string> arguments) =>
        new(tool.Program, ["--no-defaults", .. Address(), .. Tls(tool.Version.Family), "--user=" + uri.User, "--default-character-set=utf8mb4", .. arguments])
        {
            Environment = new Dictionary<string, string> { ["MYSQL_PWD"] = uri.Password?.Reveal() ?? "" },
        };

    /// <summary>Runs statements, up to the first that fails, and returns the rows of all of them.</summary>
    /// <param name="sql">The statements, each with its semicolon.</param>
    /// <param name="database">The one to use; null for none.</param>
    /// <param name="cancellation">Ends them.</param>
    /// <exception cref="DatabaseException">One failed; the message holds the client's last words.</exception>
    public async Task<IReadOnlyList<string[]>> QueryAsync(string sql, string? database, CancellationToken cancellation)
    {
        var (result, output) = await TryQueryAsync(sql, database, cancellation);
        return result.Succeeded ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(MysqlText.Columns)] : throw Failed(result);
    }

    /// <summary>The same, for who wants to look at the failure.</summary>
    public async Task<(ProcessResult Result, string Output)> TryQueryAsync(string sql, string? database, CancellationToken cancellation)
    {
        await using var running = await place.StartAsync(Command(client, ClientArguments(database)), cancellation);
        var writing = Task.Run(
            () =>
            {
                var text = Encoding.UTF8.GetBytes(sql);
                ProgramStreams.TryWrite(running.StandardInput, text, text.Length);
                running.StandardInput.Close();
            },
            CancellationToken.None);
        using var output = new MemoryStream();
        await ProgramStreams.PumpAsync(running.StandardOutput, Take, running.Kill, cancellation);
        await writing;
        return (await running.WaitAsync(cancellation), Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length));

        bool Take(byte[] chunk, int length)
        {
            output.Write(chunk, 0, length);
            return true;
        }
    }

    /// <summary>The client's failure with its cause in plain words.</summary>
    public static DatabaseException Failed(ProcessResult result)
    {
        var words = result.Ending;
        var cause = Causes.FirstOrDefault(cause => words.Contains(cause.Key, StringComparison.Ordinal)).Value;
        return new DatabaseException(cause is null ? words : $"{cause} ({words})");
    }

    private string[] ClientArguments(string? database)
    {
        string[] arguments = [.. Harmless, "--skip-column-names", $"--connect-timeout={ConnectTimeout.TotalSeconds:F0}"];
        return database is null ? arguments : [.. arguments, "--database=" + database];
    }

    private IEnumerable<string> Address()
    {
        if (uri.Socket.Length > 0)
            return ["--protocol=socket", "--socket=" + uri.Socket];
        // Inside the container the certificate's name would not fit the loopback address.
        var host = uri.TlsMode == "VERIFY_IDENTITY" ? uri.Host : place.HostFor(uri.Host);
        // Without the protocol, "localhost" would mean a socket.
        return ["--protocol=tcp", "--host=" + host, .. uri.Port.Length > 0 ? ["--port=" + uri.Port] : Array.Empty<string>()];
    }

    private IEnumerable<string> Tls(MysqlFamily family)
    {
        var files = uri.TlsFiles.Select(file => $"--{file.Key}={file.Value}");
        if (family == MysqlFamily.MySql)
            return [$"--ssl-mode={uri.TlsMode}", .. files];
        return uri.TlsMode switch
        {
            "DISABLED" => ["--skip-ssl"],
            // MariaDB's clients know no authority without the host's name.
            "VERIFY_CA" or "VERIFY_IDENTITY" => ["--ssl", "--ssl-verify-server-cert", .. files],
            _ => ["--ssl", "--skip-ssl-verify-server-cert", .. files],
        };
    }
}
