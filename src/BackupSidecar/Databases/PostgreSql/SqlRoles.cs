namespace BackupSidecar.Databases.PostgreSql;

/// <summary>The roles that a statement of a dump needs.</summary>
internal static class SqlRoles
{
    private const string Everybody = "PUBLIC";

    public static IEnumerable<string> In(SqlStatement statement)
    {
        var indexes = Indexes(statement).ToList();
        if (statement.Begins("CREATE", "POLICY"))
        {
            // "TO one, two USING …"
            for (var i = statement.After("TO"); statement.NameAt(i) is not null; i += 2)
            {
                indexes.Add(i);
                if (i + 1 >= statement.Tokens.Count || statement.Tokens[i + 1].Text != ",")
                    break;
            }
        }
        return indexes.Select(statement.NameAt).OfType<string>().Where(role => role != Everybody);
    }

    private static IEnumerable<int> Indexes(SqlStatement statement)
    {
        if (statement.Begins("GRANT") || statement.Begins("ALTER", "DEFAULT", "PRIVILEGES"))
            yield return statement.After("TO");
        if (statement.Begins("REVOKE") || statement.Begins("ALTER", "DEFAULT", "PRIVILEGES"))
            yield return statement.After("FROM");
        if (statement.Begins("ALTER", "DEFAULT", "PRIVILEGES"))
            yield return statement.After("FOR", "ROLE");
        if (statement.Begins("ALTER"))
            yield return statement.After("OWNER", "TO");
        if (statement.Begins("ALTER", "ROLE"))
            yield return 2;
        if (statement.Begins("CREATE", "USER", "MAPPING", "FOR"))
            yield return 4;
        if (statement.Begins("SET", "SESSION", "AUTHORIZATION"))
            yield return 3;
    }
}
