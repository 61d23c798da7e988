using System.Text.RegularExpressions;

namespace BackupSidecar.Databases.MySql;

/// <summary>Who makes a server or a tool. The two have grown apart: in options, and in what a tool can read of the other's server.</summary>
internal enum MysqlFamily
{
    MariaDb,
    MySql,
}

/// <summary>Whose a server or a tool is, and its version.</summary>
internal sealed partial record MysqlVersion(MysqlFamily Family, Version Number)
{
    /// <summary>From what a server says: "10.11.19-MariaDB-0+deb12u1", "8.0.36-28". Null if that is no version.</summary>
    public static MysqlVersion? OfServer(string text) => From(text, ServerNumber().Match(text));

    /// <summary>
    /// From what a tool says of itself: "mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, …", "mariadb-dump from 11.4.2-MariaDB, …",
    /// "mysqldump  Ver 8.0.36 for Linux …". Null if that is no version.
    /// </summary>
    public static MysqlVersion? OfTool(string text) =>
        From(text, DistributionNumber().Match(text) is { Success: true } distribution ? distribution : ToolNumber().Match(text));

    public override string ToString() => $"{(Family == MysqlFamily.MariaDb ? "MariaDB" : "MySQL")} {Number}";

    private static MysqlVersion? From(string text, Match match)
    {
        if (!match.Success)
            return null;
        var family = text.Contains("MariaDB", StringComparison.OrdinalIgnoreCase) ? MysqlFamily.MariaDb : MysqlFamily.MySql;
        return new MysqlVersion(family, Version.Parse(match.Groups["number"].Value));
    }

    [GeneratedRegex(@"\A(?<number>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ServerNumber();

    [GeneratedRegex(@"(Distrib|from) (?<number>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DistributionNumber();

    [GeneratedRegex(@"Ver (?<number>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ToolNumber();
}

/// <summary>A program of MariaDB or MySQL.</summary>
internal sealed record MysqlTool(string Program, MysqlVersion Version)
{
    /// <summary>For manifests: "mariadb-dump 10.11.19", "mysqldump 8.0.36", "mysqldump 10.2.44-MariaDB".</summary>
    public override string ToString() =>
        $"{Program} {Version.Number}{(Version.Family == MysqlFamily.MariaDb && Program.StartsWith("mysql", StringComparison.Ordinal) ? "-MariaDB" : "")}";

    /// <summary>Whose the tool was that a manifest names so.</summary>
    public static MysqlFamily FamilyOf(string text) =>
        text.Contains("mariadb", StringComparison.OrdinalIgnoreCase) ? MysqlFamily.MariaDb : MysqlFamily.MySql;
}
