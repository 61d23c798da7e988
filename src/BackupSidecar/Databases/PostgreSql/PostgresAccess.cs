using System.Globalization;
using System.Runtime.ExceptionServices;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>Finds the way to a PostgreSQL server: where the tools run, and which of them fit it.</summary>
/// <param name="uri">The connection URI. Its database does not count: each call says which one it means.</param>
/// <param name="via">What the source itself says of the place; null for the setting.</param>
/// <param name="places">Decides where the tools run.</param>
/// <param name="clients">The clients that are installed here.</param>
internal sealed class PostgresAccess(Secret uri, DumpVia? via, ToolPlaces places, PostgresClients clients)
{
    /// <summary>What every server has, to ask about the others.</summary>
    private static readonly string[] MaintenanceDatabases = ["postgres", "template1"];

    /// <summary>Parameters that mean something else, or nothing, in another place than this one.</summary>
    private static readonly string[] OfThisPlace =
        ["hostaddr", "service", "servicefile", "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "krbsrvname"];

    /// <summary>
    /// A server whose container dies may vanish with its network, without a word: then nobody but these would notice that nothing
    /// comes any more. After 40 seconds of silence they do.
    /// </summary>
    private static readonly (string Name, string Value)[] KeepAlives =
        [("keepalives_idle", "20"), ("keepalives_interval", "5"), ("keepalives_count", "4"), ("tcp_user_timeout", "40000")];

    /// <summary>Connects to a database.</summary>
    /// <exception cref="DatabaseException">It cannot be used, or no client fits the server.</exception>
    public async Task<PostgresConnection> ConnectAsync(string database, CancellationToken cancellation)
    {
        var parts = Parse();
        var address = KeepAlives.Where(each => !parts.Parameters.ContainsKey(each.Name))
            .Aggregate(LibpqUri.Split(uri), (address, each) => address.With(each.Name, each.Value));
        var place = await FindPlaceAsync(parts, cancellation);
        var isHere = place is LocalPlace;
        var client = isHere ? await clients.NewestAsync(cancellation) : await PostgresClient.FindAsync(place, "", cancellation);
        // libpq connects to hostaddr, and still verifies the certificate of the host that the URI names.
        var connection = new PostgresConnection(
            place, client, isHere ? address : address.With("hostaddr", place.HostFor(parts.Hosts[0].Host)), database);
        var version = await VersionAsync(connection, cancellation);
        if (isHere)
            connection = connection with { Client = await clients.ForServerAsync(version.Major, cancellation) };
        return connection.Client.Major >= version.Major
            ? connection with { Server = version }
            : throw new DatabaseException(
                $"The server is PostgreSQL {version}, and pg_dump {connection.Client.Version} ({place.Via}) cannot read it. "
                + $"Install the PostgreSQL client of version {version.Major} or newer (in the image: a build argument).");
    }

    /// <summary>Connects to the server, whatever databases it has.</summary>
    /// <exception cref="DatabaseException">It cannot be used.</exception>
    public async Task<PostgresConnection> ConnectToServerAsync(CancellationToken cancellation)
    {
        DatabaseException? first = null;
        foreach (var database in MaintenanceDatabases)
        {
            try
            {
                return await ConnectAsync(database, cancellation);
            }
            catch (DatabaseException failure)
            {
                first ??= failure;
            }
        }
        ExceptionDispatchInfo.Throw(first!);
        throw first;
    }

    /// <summary>
    /// Where a dump of the connection's tools is read for checking: here, if a client here is as new, because then it need not
    /// travel back to where it was made.
    /// </summary>
    public async Task<(IToolPlace Place, PostgresClient Client)> ReaderAsync(PostgresConnection maker, CancellationToken cancellation)
    {
        if (maker.Place is LocalPlace)
            return (maker.Place, maker.Client);
        try
        {
            var here = await clients.NewestAsync(cancellation);
            return here.Major >= maker.Client.Major ? (new LocalPlace(), here) : (maker.Place, maker.Client);
        }
        catch (ProcessFailedException)
        {
            // There is none here, which is no reason to do without the check.
            return (maker.Place, maker.Client);
        }
    }

    private PostgresUri Parse() => PostgresUri.TryParse(uri.Reveal(), out var parts, out var problem)
        ? parts
        : throw new DatabaseException($"The PostgreSQL URI cannot be used: {problem}");

    private async Task<IToolPlace> FindPlaceAsync(PostgresUri parts, CancellationToken cancellation)
    {
        if (parts.Hosts is not [{ Host: { Length: > 0 } host }] || host.StartsWith('/'))
            return places.Here(via, "its URI does not name exactly one host");
        return OfThisPlace.FirstOrDefault(parts.Parameters.ContainsKey) is { } parameter
            ? places.Here(via, $"the parameter {parameter} of its URI means something of this container")
            : await places.FindAsync(host, via, ["pg_dump"], cancellation);
    }

    private static async Task<PostgresVersion> VersionAsync(PostgresConnection connection, CancellationToken cancellation) =>
        int.TryParse(await connection.AskAsync("SHOW server_version_num", cancellation), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new PostgresVersion(number)
            : throw new DatabaseException("The server does not say its version; is it PostgreSQL?");
}
