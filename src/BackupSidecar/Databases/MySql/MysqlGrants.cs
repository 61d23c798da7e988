using System.Text.RegularExpressions;

namespace BackupSidecar.Databases.MySql;

/// <summary>
/// What a user may do with whole databases, from the lines of SHOW GRANTS. Rights on single tables do not count: of a table
/// that a user has no right on, the server does not even say that it is there, so that a dump would leave it out in silence.
/// </summary>
internal sealed partial class MysqlGrants(IReadOnlyList<string> lines)
{
    private readonly List<(bool IsGranted, HashSet<string> Privileges, string On)> _grants =
        [.. lines.Select(line => Grant().Match(line)).Where(match => match.Success).Select(match => (
            match.Groups["verb"].Value == "GRANT",
            match.Groups["privileges"].Value.Split(',').Select(privilege => privilege.Trim()).ToHashSet(),
            match.Groups["on"].Value))];

    /// <summary>Those of the privileges that are not there for the database; for null: for all databases.</summary>
    public IReadOnlyList<string> Missing(string? database, params IEnumerable<string> privileges) =>
        [.. privileges.Where(privilege => !Has(database, privilege))];

    /// <summary>Whether all routines of the database are seen. Without any right on them they are invisible.</summary>
    public bool SeesRoutines(string? database) =>
        Has(null, "SELECT") || Has(null, "SHOW_ROUTINE") || Has(database, "SHOW CREATE ROUTINE")
        || Has(database, "EXECUTE") || Has(database, "ALTER ROUTINE") || Has(database, "CREATE ROUTINE")
        || Has("mysql", "SELECT") || _grants.Exists(grant => grant.IsGranted && grant.On == "`mysql`.`proc`" && grant.Privileges.Contains("SELECT"));

    private bool Has(string? database, string privilege)
    {
        var concerned = _grants.Where(grant => grant.Privileges.Contains(privilege) || grant.Privileges.Contains("ALL PRIVILEGES")).ToList();
        return concerned.Exists(grant => grant.IsGranted && Covers(grant.On, database))
            // MySQL can take a right on one database away from those on all of them.
            && !concerned.Exists(grant => !grant.IsGranted && (database is null || Covers(grant.On, database)));
    }

    private static bool Covers(string on, string? database) =>
        on == "*.*" || (database is not null && on.EndsWith(".*", StringComparison.Ordinal) && IsLike(database, Unquote(on[..^2])));

    /// <summary>As LIKE compares: in the name of a granted database '_' and '%' are wildcards unless escaped.</summary>
    private static bool IsLike(string text, string pattern)
    {
        var expression = LikeToken().Replace(pattern, token => token.Value switch
        {
            "%" => ".*",
            "_" => ".",
            ['\\', var escaped] => Regex.Escape(escaped.ToString()),
            var plain => Regex.Escape(plain),
        });
        return Regex.IsMatch(text, $@"\A{expression}\z", RegexOptions.Singleline, TimeSpan.FromSeconds(1));
    }

    private static string Unquote(string name) => name.Trim('`').Replace("``", "`", StringComparison.Ordinal);

    [GeneratedRegex(@"\A(?<verb>GRANT|REVOKE) (?<privileges>[A-Z_, ]+?) ON (?<on>(`(``|[^`])*`|\*)\.(`(``|[^`])*`|\*)) (TO|FROM) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Grant();

    [GeneratedRegex(@"\\.|.", RegexOptions.Singleline, 1000)]
    private static partial Regex LikeToken();
}
