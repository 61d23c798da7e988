using System.Text;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>A server's version as it counts itself: 150004 for 15.4.</summary>
internal readonly record struct PostgresVersion(int Number)
{
    public int Major => Number / 10000;

    public override string ToString() =>
        Number >= 100000 ? $"{Major}.{Number % 10000}" : $"{Major}.{Number / 100 % 100}.{Number % 100}";
}

/// <summary>
/// A database as our tools reach it: the place that they run in, those that fit the server, its address there. The password
/// goes to the tools by their environment only.
/// </summary>
internal sealed record PostgresConnection(IToolPlace Place, PostgresClient Client, LibpqUri Address, string Database)
{
    /// <summary>For one question. Whoever answers at all answers sooner.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The server's version; that of nobody until it has been asked.</summary>
    public PostgresVersion Server { get; init; }

    /// <summary>Another database of the same server.</summary>
    public PostgresConnection To(string database) => this with { Database = database };

    public Task<IRunningTool> StartAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation, string? application = null) =>
        Place.StartAsync(Tool(program, arguments, application) with { EndsWithUs = true }, cancellation);

    /// <summary>Asks one question, which the server must answer soon; returns the answer as psql prints it unaligned.</summary>
    /// <exception cref="DatabaseException">It does not; the message holds its words.</exception>
    public async Task<string> AskAsync(string sql, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            return await ExecuteAsync([sql], limit.Token);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new DatabaseException($"the server does not answer within {Patience.TotalSeconds:F0} s", error);
        }
    }

    /// <summary>Asks for a list of names, which may hold anything but a NUL.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string sql, CancellationToken cancellation) =>
        (await AskAsync(sql, cancellation)).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs statements one after the other, each in its own transaction, for as long as they take.</summary>
    /// <exception cref="DatabaseException">One failed; the message holds the server's words.</exception>
    public async Task<string> ExecuteAsync(IReadOnlyList<string> statements, CancellationToken cancellation)
    {
        // Names in answers are UTF-8 whatever the database's encoding; a record ends with a NUL, which no name holds.
        var psql = Tool("psql", ["-XAtq0", "--set=ON_ERROR_STOP=1", .. statements.Select(sql => "--command=" + sql)], application: null);
        psql = psql with { Environment = new Dictionary<string, string>(psql.Environment) { ["PGCLIENTENCODING"] = "UTF8" } };
        var (result, output) = await Place.RunAsync(psql, cancellation);
        return result.Succeeded ? output.TrimEnd('\0') : throw Failed("the server cannot be used", result);
    }

    /// <summary>Runs a script as psql reads one, up to the first statement that fails, and returns the columns of all rows.</summary>
    /// <exception cref="DatabaseException">One failed; the message holds the server's words.</exception>
    public async Task<IReadOnlyList<string[]>> RunScriptAsync(string script, CancellationToken cancellation)
    {
        const char Separator = '\u001F';
        await using var psql = await StartAsync(
            "psql", ["-XAtq0", $"--field-separator={Separator}", "--set=ON_ERROR_STOP=1", "--file=-"], cancellation);
        var text = Encoding.UTF8.GetBytes($"SET client_encoding = 'UTF8';\n{script}\n;\n");
        ProgramStreams.TryWrite(psql.StandardInput, text, text.Length);
        psql.StandardInput.Close();
        using var output = new MemoryStream();
        await ProgramStreams.PumpAsync(psql.StandardOutput, Take, psql.Kill, cancellation);
        var result = await psql.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failed("psql failed", result);
        return [.. Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split(Separator))];

        bool Take(byte[] chunk, int length)
        {
            output.Write(chunk, 0, length);
            return true;
        }
    }

    public static DatabaseException Failed(string what, ProcessResult result) =>
        new($"{what}: {result.Ending}");

    private Command Tool(string program, IEnumerable<string> arguments, string? application)
    {
        var address = Address.With("dbname", Database);
        if (application is not null)
            address = address.With("application_name", application);
        // What the URI itself says has precedence over these variables.
        var environment = new Dictionary<string, string> { ["PGCONNECT_TIMEOUT"] = "10" };
        if (address.Password is not null)
            environment["PGPASSWORD"] = address.Password;
        return new Command(Client.Program(program), [.. arguments, "--no-password", "--dbname=" + address.WithoutPassword])
        {
            Environment = environment,
        };
    }
}
