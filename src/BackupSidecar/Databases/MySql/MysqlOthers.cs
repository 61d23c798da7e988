namespace BackupSidecar.Databases.MySql;

/// <summary>Who else is at work in the databases, for the words about a lock. The server shows a user only what it may see.</summary>
internal sealed class MysqlOthers(MysqlSession session, IReadOnlyList<string> databases)
{
    private const int Most = 5;

    public async Task<string> DescribeAsync(CancellationToken cancellation)
    {
        var (result, output) = await session.Connection.TryQueryAsync("SELECT CONNECTION_ID(); SHOW PROCESSLIST;", null, cancellation);
        var rows = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(MysqlText.Columns).ToList();
        if (!result.Succeeded || rows is not [[var own], ..])
            return "Who holds it cannot be told.";
        var others = rows.Skip(1)
            .Where(row => row.Length >= 7 && row[0] != own && databases.Contains(row[3]))
            .OrderByDescending(row => long.TryParse(row[5], out var seconds) ? seconds : 0)
            .Take(Most)
            .Select(row => $"{row[0]} of {row[1]} from {row[2]} ({row[4]}, for {row[5]} s{(row[6] is "" or "NULL" ? "" : ", " + row[6])})")
            .ToList();
        return others.Count > 0
            ? $"At work there: {string.Join("; ", others)}"
            : "Who holds it is not shown to this user (it lacks the right PROCESS).";
    }
}
