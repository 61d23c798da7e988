using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.MySql;

/// <summary>A server that answers, with the tools that fit it, in the place that was chosen for them.</summary>
internal sealed record MysqlSession(MysqlConnection Connection, MysqlVersion Server, string Database)
{
    /// <summary>The names of the same two programs, the newer first: MariaDB has renamed them, and ships links at most.</summary>
    private static readonly string[] DumpTools = ["mariadb-dump", "mysqldump"];
    private static readonly string[] Clients = ["mariadb", "mysql"];

    /// <summary>Finds the place and the client, and asks the server who it is.</summary>
    /// <param name="uri">The server.</param>
    /// <param name="database">The database that must be there; null for none.</param>
    /// <param name="options">What the source itself says of the place.</param>
    /// <param name="places">Finds the place.</param>
    /// <param name="client">Whose client is preferred where there are both.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static async Task<MysqlSession> OpenAsync(
        MysqlUri uri, string? database, DatabaseOptions options, ToolPlaces places, MysqlFamily client, CancellationToken cancellation)
    {
        // Files of TLS are files of this container.
        var via = options.Via ?? (uri.TlsFiles.Count > 0 || uri.Socket.Length > 0 ? DumpVia.Client : null);
        var place = await places.FindAsync(uri.Host, via, DumpTools, cancellation);
        var connection = new MysqlConnection(uri, place, await FindToolAsync(place, Clients, client, cancellation));
        var rows = await connection.QueryAsync(
            "SELECT VERSION(), COALESCE(DATABASE(), ''); SHOW STATUS LIKE 'Ssl_cipher';", database, cancellation);
        if (rows is not [[var version, var current], ..] || MysqlVersion.OfServer(version) is not { } server)
            throw new DatabaseException("the server does not say its version; is it MySQL or MariaDB?");
        // Some of MariaDB's clients go on in clear where a server offers no TLS, unless they are to verify it.
        if (uri.TlsMode is not ("DISABLED" or "PREFERRED") && uri.Socket.Length == 0 && rows is [_, [_, ""]])
            throw new DatabaseException($"the server offers no TLS, and ssl-mode={uri.TlsMode} wants it");
        return new MysqlSession(connection, server, current);
    }

    /// <summary>The dump tool of the server's own family, else the other's if that reads it.</summary>
    /// <exception cref="DatabaseException">There is none, or none that reads this server whole.</exception>
    public async Task<MysqlTool> DumpToolAsync(CancellationToken cancellation)
    {
        var tool = await FindToolAsync(Connection.Place, DumpTools, Server.Family, cancellation);
        return Unfit(tool) is { } problem ? throw new DatabaseException(problem) : tool;
    }

    private string? Unfit(MysqlTool tool)
    {
        var (needed, why) = (tool.Version.Family, Server.Family) switch
        {
            (MysqlFamily.MySql, MysqlFamily.MariaDb) => ("MariaDB's mariadb-dump", "MySQL's knows no sequences, packages and system-versioned tables"),
            (MysqlFamily.MySql, MysqlFamily.MySql) when tool.Version.Number.Major < 8 && Server.Number.Major >= 8 => ("mysqldump 8.0 or newer", "older ones do not know its tables"),
            (MysqlFamily.MariaDb, MysqlFamily.MariaDb) when tool.Version.Number < new Version(10, 3) && Server.Number >= new Version(10, 3) =>
                ("mariadb-dump 10.3 or newer", "older ones leave out sequences and packages"),
            _ => ("", ""),
        };
        return needed.Length > 0 ? $"{tool} does not fit {Server}: {needed} is needed, because {why}" : null;
    }

    private static async Task<MysqlTool> FindToolAsync(IToolPlace place, string[] names, MysqlFamily preferred, CancellationToken cancellation)
    {
        var found = new List<MysqlTool>();
        foreach (var name in names)
        {
            if (await VersionAsync(place, name, cancellation) is { } version)
                found.Add(new MysqlTool(name, version));
        }
        return found.Find(tool => tool.Version.Family == preferred) ?? found.FirstOrDefault()
            ?? throw new DatabaseException($"neither {string.Join(" nor ", names)} is there ({place.Via}); Debian's package is mariadb-client");
    }

    private static async Task<MysqlVersion?> VersionAsync(IToolPlace place, string name, CancellationToken cancellation)
    {
        try
        {
            var (result, output) = await place.RunAsync(new Command(name, "--version"), cancellation);
            return result.Succeeded ? MysqlVersion.OfTool(output) : null;
        }
        catch (ProcessFailedException)
        {
            return null;
        }
    }
}
