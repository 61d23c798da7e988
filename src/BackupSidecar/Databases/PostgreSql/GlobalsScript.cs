namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// What pg_dumpall --globals-only writes: roles with their settings and memberships, and tablespaces. Of it only what the server
/// lacks is run: what is there already is left as it is. Statements of any other kind are left away.
/// </summary>
internal sealed class GlobalsScript
{
    private static readonly string[][] Kinds =
    [
        ["CREATE", "ROLE"], ["ALTER", "ROLE"], ["COMMENT", "ON", "ROLE"], ["GRANT"], ["SECURITY", "LABEL"],
        ["CREATE", "TABLESPACE"], ["ALTER", "TABLESPACE"], ["COMMENT", "ON", "TABLESPACE"], ["REVOKE"],
    ];

    private readonly List<(string? Role, string? Other, SqlStatement Statement)> _ofRoles = [];
    private readonly List<(string Tablespace, SqlStatement Statement)> _ofTablespaces = [];
    private readonly SqlSplitter _splitter;

    public GlobalsScript() => _splitter = new SqlSplitter(Add);

    public IReadOnlyList<string> Roles =>
        [.. _ofRoles.Where(each => each.Statement.Begins("CREATE", "ROLE")).Select(each => each.Role).OfType<string>()];

    public IReadOnlyList<string> Tablespaces =>
        [.. _ofTablespaces.Where(each => each.Statement.Begins("CREATE", "TABLESPACE")).Select(each => each.Tablespace)];

    /// <summary>How the first statement begins that is of one of those kinds and not written as pg_dumpall writes; null if there is none.</summary>
    public string? Odd { get; private set; }

    public void Take(ReadOnlySpan<byte> script) => _splitter.Take(script);

    /// <summary>The statements that make the missing roles and what belongs to them; a membership belongs to both of its roles.</summary>
    public IReadOnlyList<string> ForMissingRoles(IReadOnlySet<string> there) =>
        [.. _ofRoles.Where(each => IsMissing(each.Role, there) || IsMissing(each.Other, there)).Select(each => each.Statement.Text)];

    /// <summary>The same for tablespaces, each by itself: none can be made in a transaction.</summary>
    public IReadOnlyList<string> ForMissingTablespaces(IReadOnlySet<string> there) =>
        [.. _ofTablespaces.Where(each => !there.Contains(each.Tablespace)).Select(each => each.Statement.Text)];

    private static bool IsMissing(string? role, IReadOnlySet<string> there) => role is not null && !there.Contains(role);

    private void Add(SqlStatement statement)
    {
        if (!Kinds.Any(kind => statement.Begins(kind)))
            return;
        if (!statement.IsPlain)
        {
            // Not more of it: there may be a password in it.
            Odd ??= string.Join(' ', statement.Tokens.Take(2).Select(token => token.Text));
            return;
        }
        var tablespace = statement.Begins("CREATE", "TABLESPACE") || statement.Begins("ALTER", "TABLESPACE")
            ? statement.NameAt(2)
            : statement.NameAt(statement.After("ON", "TABLESPACE"));
        if (tablespace is not null)
            _ofTablespaces.Add((tablespace, statement));
        else if (statement.Begins("CREATE", "ROLE") || statement.Begins("ALTER", "ROLE"))
            _ofRoles.Add((statement.NameAt(2), null, statement));
        else if (statement.After("ON", "ROLE") is var role and > 0)
            _ofRoles.Add((statement.NameAt(role), null, statement));
        else if (statement.Begins("GRANT"))
            _ofRoles.Add((statement.NameAt(statement.After("TO")), statement.After("ON") < 0 ? statement.NameAt(1) : null, statement));
    }
}
