using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Databases.MySql;

/// <summary>
/// Makes a scratch server ready for a dump: events of the dump must not change its rows, and a dump of all databases brings users
/// with their passwords, root among them, so that a user of ours is needed.
/// </summary>
internal static class MysqlScratch
{
    public const string User = "backup_sidecar_drill";

    /// <param name="root">The URI of its superuser.</param>
    /// <param name="password">Of root, and of the new user.</param>
    /// <param name="places">Where its tools run.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="DatabaseException">The server does not answer, or refuses.</exception>
    public static async Task PrepareAsync(Secret root, string password, ToolPlaces places, CancellationToken cancellation)
    {
        if (!MysqlUri.TryParse(root.Reveal(), out var uri, out var problem))
            throw new DatabaseException($"The URI cannot be used: {problem}");
        var session = await MysqlSession.OpenAsync(uri, database: null, new DatabaseOptions(), places, MysqlFamily.MariaDb, cancellation);
        var user = $"{MysqlText.Literal(User)}@'%'";
        await session.Connection.QueryAsync(
            $"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {MysqlText.Literal(password)}; GRANT ALL ON *.* TO {user} WITH GRANT OPTION;", database: null, cancellation);
        // Among the grants of a dump are those by which root may speak for others, and who gives them must have them.
        await session.Connection.TryQueryAsync($"GRANT PROXY ON ''@'%' TO {user} WITH GRANT OPTION;", database: null, cancellation);
        // A server that was started without a scheduler refuses to switch it off.
        await session.Connection.TryQueryAsync("SET GLOBAL event_scheduler = OFF;", database: null, cancellation);
    }
}
