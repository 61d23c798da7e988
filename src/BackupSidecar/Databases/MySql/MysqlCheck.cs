using System.Text;

namespace BackupSidecar.Databases.MySql;

/// <summary>Finds before a dump what would make it fail, or leave something out in silence.</summary>
internal sealed class MysqlCheck(MysqlSession session, MysqlTool dumpTool, MysqlInventory inventory)
{
    private static readonly TimeSpan RehearsalTime = TimeSpan.FromSeconds(8);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await CheckRightsAsync(cancellation);
        await CheckGeneratedColumnsAsync(cancellation);
        await CheckTablesAsync(cancellation);
        await RehearseAsync(cancellation);
    }

    /// <summary>The rights on whole databases, because what a user has no right on is invisible to it.</summary>
    private async Task CheckRightsAsync(CancellationToken cancellation)
    {
        var grants = await GrantsAsync(session, cancellation);
        IReadOnlyList<string?> scopes = session.Database.Length > 0 ? [.. inventory.Databases] : [null];
        foreach (var database in scopes)
        {
            var missing = grants.Missing(database, "SELECT", "SHOW VIEW", "TRIGGER", "EVENT").ToList();
            if (!grants.SeesRoutines(database))
                missing.Add("EXECUTE");
            var on = database is null ? "*.*" : MysqlText.Name(database) + ".*";
            if (missing.Count > 0)
                throw new DatabaseException($"the user lacks {string.Join(", ", missing)} on {on}. Rights on single tables are not enough: what it has no right on is invisible to it, and would be missing without a word");
        }
    }

    /// <summary>What the user of the session may do, with the roles that are active.</summary>
    public static async Task<MysqlGrants> GrantsAsync(MysqlSession session, CancellationToken cancellation)
    {
        var grants = "SHOW GRANTS;";
        if (session.Server is { Family: MysqlFamily.MySql, Number.Major: >= 8 }
            && await session.Connection.QueryAsync("SELECT CURRENT_ROLE();", null, cancellation) is [[var roles]] && roles != "NONE")
            grants = $"SHOW GRANTS FOR CURRENT_USER() USING {roles};";
        return new MysqlGrants([.. (await session.Connection.QueryAsync(grants, null, cancellation)).Select(row => row[0])]);
    }

    // MariaDB's tool writes the values of generated columns (up to 13.0), which MariaDB takes and MySQL refuses.
    private async Task CheckGeneratedColumnsAsync(CancellationToken cancellation)
    {
        if (dumpTool.Version.Family == session.Server.Family || dumpTool.Version.Number >= new Version(13, 1))
            return;
        var rows = await session.Connection.QueryAsync(
            $"SELECT table_schema, table_name FROM information_schema.columns WHERE generation_expression <> '' AND table_schema IN {MysqlText.List(inventory.Databases)} LIMIT 1;",
            null, cancellation);
        if (rows is [[var database, var table]])
            throw new DatabaseException($"{database}.{table} has a generated column, and what {dumpTool} writes of it {session.Server} does not take back. Let the tools run in the database's container (BACKUP_DUMP_VIA=exec)");
    }

    /// <summary>Opens every table as the dump will: what is damaged, and what somebody holds, shows here.</summary>
    private async Task CheckTablesAsync(CancellationToken cancellation)
    {
        var sql = new StringBuilder("SET SESSION lock_wait_timeout = 5;\n");
        foreach (var table in inventory.Tables.Where(table => table.HoldsRows))
            sql.Append($"SELECT NULL FROM {MysqlText.Name(table.Database, table.Name)} LIMIT 0;\n");
        var (result, _) = await session.Connection.TryQueryAsync(sql.ToString(), null, cancellation);
        if (result.Succeeded)
            return;
        if (!result.LastWords.Contains("ERROR 1205", StringComparison.Ordinal))
            throw new DatabaseException($"a table cannot be read: {MysqlConnection.Failed(result).Message}");
        throw new DatabaseException($"a table is locked ({result.LastWords}). {await new MysqlOthers(session, inventory.Databases).DescribeAsync(cancellation)}");
    }

    /// <summary>Dumps all definitions into nothing. A server with very many of them is not asked for all.</summary>
    private async Task RehearseAsync(CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(RehearsalTime);
        try
        {
            var command = session.Connection.Command(dumpTool, [.. MysqlDump.Options(session, dumpTool, inventory), "--no-data", .. MysqlDump.Scope(session, inventory)]);
            await using var rehearsal = await session.Connection.Place.StartAsync(command, enough.Token);
            rehearsal.StandardInput.Close();
            await ProgramStreams.PumpAsync(rehearsal.StandardOutput, (_, _) => true, rehearsal.Kill, enough.Token);
            var result = await rehearsal.WaitAsync(enough.Token);
            if (!result.Succeeded)
                throw new DatabaseException($"{dumpTool.Program} cannot read the definitions: {result.LastWords}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // So far nothing was wrong.
        }
    }
}
