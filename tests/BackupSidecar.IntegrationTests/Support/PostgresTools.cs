using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>The engine of a PostgreSQL database as the program makes it.</summary>
internal static class PostgresTools
{
    private static readonly ToolPlaces Places = new(DumpVia.Client, new ServiceSettings(), TimeProvider.System, NullLogger.Instance);

    public static PostgresAccess Access(Secret uri, DumpVia via = DumpVia.Client, PostgresClients? clients = null) =>
        new(uri, via, Places, clients ?? new PostgresClients());

    public static Postgres Engine(
        Secret uri, string database, DumpVia via = DumpVia.Client, DatabaseOptions? options = null, PostgresClients? clients = null, TimeSpan? patience = null) =>
        new(Access(uri, via, clients), database, options ?? new DatabaseOptions(), patience);
}
