using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>What a dump says of itself before its data: how its database is made, what belongs to it, and which roles it needs.</summary>
internal sealed class DumpHead
{
    private static readonly string[] CreateOptions =
        ["ENCODING", "LOCALE_PROVIDER", "LOCALE", "LC_COLLATE", "LC_CTYPE", "ICU_LOCALE", "ICU_RULES", "BUILTIN_LOCALE"];

    private readonly SortedSet<string> _roles = new(StringComparer.Ordinal);
    private readonly List<(SqlStatement Statement, SqlToken Database)> _properties = [];
    private string? _database;
    private string _options = "";

    /// <summary>Owners, grantees and others that the dump names.</summary>
    public IReadOnlyCollection<string> Roles => _roles;

    /// <summary>Reads the head with pg_restore, and gives back the dump as a stream that still begins at its start.</summary>
    /// <exception cref="DatabaseException">pg_restore cannot read it.</exception>
    public static async Task<(DumpHead Head, Stream Dump)> ReadAsync(PostgresConnection connection, Stream dump, CancellationToken cancellation)
    {
        var head = new DumpHead();
        var script = new SqlSplitter(head.Take);
        var taken = new ReadAgainStream(dump);
        await using var tool = await connection.Place.StartAsync(
            new Command(connection.Client.Program("pg_restore"), "--schema-only", "--create", "--file=-"), cancellation);
        var reading = ProgramStreams.PumpAsync(tool.StandardOutput, TakeScript, tool.Kill, cancellation);
        // pg_restore ends when it knows enough, and need not be given the data.
        await ProgramStreams.PumpAsync(taken, (chunk, length) => ProgramStreams.TryWrite(tool.StandardInput, chunk, length), tool.Kill, cancellation);
        tool.StandardInput.Close();
        await reading;
        var result = await tool.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw PostgresConnection.Failed("pg_restore cannot read the dump", result);
        taken.Rewind();
        return (head, taken);

        bool TakeScript(byte[] chunk, int length)
        {
            script.Take(chunk.AsSpan(0, length));
            return true;
        }
    }

    /// <summary>The statement that makes a database of that name as the dumped one was made.</summary>
    public string CreateDatabase(string name) => $"CREATE DATABASE {SqlText.Name(name)} WITH TEMPLATE = template0{_options}";

    /// <summary>The statements that give a database of that name the owner, rights, settings and comment of the dumped one.</summary>
    public IReadOnlyList<string> Properties(string name) => [.. _properties.Select(property =>
        property.Statement.Text[..property.Database.Start] + SqlText.Name(name) + property.Statement.Text[property.Database.End..])];

    private void Take(SqlStatement statement)
    {
        // What is not UTF-8 could not be said again as it was.
        if (statement.Text.Contains('\uFFFD'))
            return;
        if (statement.Begins("CREATE", "DATABASE"))
            TakeCreate(statement);
        else if (_database is not null && DatabaseIn(statement) is { } database && !statement.Text.Contains("TABLESPACE", StringComparison.Ordinal))
            _properties.Add((statement, database));
        foreach (var role in SqlRoles.In(statement))
            _roles.Add(role);
    }

    /// <summary>Only options that are known, so that the statement that is run is ours. The tablespace may be missing where the dump goes.</summary>
    private void TakeCreate(SqlStatement statement)
    {
        _database = statement.NameAt(2);
        foreach (var option in CreateOptions)
        {
            if (statement.After(option) is var index and > 0 && index + 1 < statement.Tokens.Count)
            {
                var value = statement.Tokens[index + 1];
                _options += $" {option} = {(value.Kind == SqlTokenKind.Word ? value.Text : SqlText.String(value.Text))}";
            }
        }
    }

    private SqlToken? DatabaseIn(SqlStatement statement)
    {
        var index = statement.Begins("ALTER", "DATABASE") || statement.Begins("ALTER", "ROLE") ? statement.After("DATABASE") : statement.After("ON", "DATABASE");
        return statement.NameAt(index) == _database ? statement.Tokens[index] : null;
    }
}
