using System.Text;
using System.Text.Json;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>
/// Counts the rows of each table in a copy of a SQLite database. What SQLite and its modules keep for themselves is left out:
/// virtual tables, whose module may not be here, the tables behind them, and sqlite_ tables.
/// </summary>
internal sealed class SqliteCounts(string program)
{
    // A command line takes only so many.
    private const int TablesAtOnce = 500;

    /// <summary>A table that cannot be counted (an index of it needs an extension, say) is left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(string copy, CancellationToken cancellation)
    {
        var counts = new Dictionary<string, long>();
        for (var (offset, names) = (0, await NamesAsync(copy, 0, cancellation)); names.Count > 0; names = await NamesAsync(copy, offset, cancellation))
        {
            offset += names.Count;
            while (names.Count > 0)
            {
                var rows = await AskAsync(copy, [.. names.Select(Count)], cancellation);
                foreach (var (table, number) in rows)
                    counts[table] = number;
                // Where the program stopped early, the table behind the last one counted is why.
                names = [.. names.Skip(rows.Count + 1)];
            }
        }
        return counts;
    }

    private async Task<List<string>> NamesAsync(string copy, int offset, CancellationToken cancellation)
    {
        var query = "SELECT name AS t, 0 AS n FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
            + $"AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT {TablesAtOnce} OFFSET {offset};";
        return [.. (await AskAsync(copy, [query], cancellation)).Select(row => row.Table)];
    }

    private static string Count(string table) =>
        $"SELECT '{table.Replace("'", "''")}' AS t, count(*) AS n FROM \"{table.Replace("\"", "\"\"")}\";";

    private async Task<List<(string Table, long Rows)>> AskAsync(string copy, string[] statements, CancellationToken cancellation)
    {
        // As a file that does not change: opened in the ordinary way, a copy of a WAL database would get files beside it.
        var command = new Command(program, ["-batch", "-init", "/dev/null", Sqlite.Safe, "-json", Sqlite.Address(copy, immutable: true), .. statements]);
        var (_, output) = await RunningProcess.RunAsync(command, cancellation);
        return Rows(output);
    }

    /// <summary>One array of rows for each statement, one behind the other.</summary>
    private static List<(string Table, long Rows)> Rows(string output)
    {
        var rows = new List<(string, long)>();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(output), new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
        {
            using var array = JsonDocument.ParseValue(ref reader);
            rows.AddRange(array.RootElement.EnumerateArray().Select(row => (row.GetProperty("t").GetString() ?? "", row.GetProperty("n").GetInt64())));
        }
        return rows;
    }
}
