using System.Runtime.InteropServices;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Tests.Configuration;

/// <summary>PostgreSQL's own library reads the same URIs: what we take for user, password, hosts and database is what its tools use.</summary>
public sealed partial class LibpqTests
{
    private static readonly string[] Pieces =
    [
        "user", "p", ":", ":", "@", "@", "/", "/", "?", "&", "=", ",", "[", "]", "[::1]", "5432", "db", "shop", "%40", "%2F", "%3a", "%25", "%", "é", ";", "#", "+",
        "..", "host=/run", "port=1,2", "dbname=x", "user=me", "password=pw", "sslmode=require", "connect_timeout=5", "application_name=a%20b",
    ];

    [Fact]
    public void What_we_read_is_what_libpq_reads()
    {
        var random = new Random(8);
        var read = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = (random.Next(2) == 0 ? "postgres://" : "postgresql://")
                + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            if (!PostgresUri.TryParse(text, out var uri, out _))
                continue;
            var options = Libpq(text);

            // Parameters that libpq does not know are its tools' to refuse.
            if (options is null && uri.Parameters.Keys.Any(key => !Known.Contains(key)))
                continue;
            Assert.True(options is not null, text);
            var ports = options["port"].Split(',');
            if (ports.Length == 1)
                ports = [.. Enumerable.Repeat(ports[0], uri.Hosts.Count)];
            Assert.Equal(
                (text, uri.User, uri.Password?.Reveal() ?? "", uri.Database, Joined(uri, server => server.Host), Joined(uri, server => server.Port)),
                (text, options["user"], options["password"], options["dbname"], options["host"], string.Join(',', ports)));
            read++;
        }

        Assert.InRange(read, 5_000, 50_000);
    }

    private static HashSet<string> Known { get; } =
        ["host", "port", "dbname", "user", "password", "sslmode", "connect_timeout", "application_name"];

    private static string Joined(PostgresUri uri, Func<(string Host, string Port), string> part) =>
        string.Join(',', uri.Hosts.Select(part));

    private static Dictionary<string, string>? Libpq(string uri)
    {
        var list = PQconninfoParse(uri, out var error);
        if (list == 0)
        {
            PQfreemem(error);
            return null;
        }

        // An array of PQconninfoOption, which ends with one that has no keyword.
        var options = new Dictionary<string, string>();
        for (var at = list; Marshal.PtrToStructure<Option>(at) is { Keyword: not 0 } option; at += Marshal.SizeOf<Option>())
            options[Marshal.PtrToStringUTF8(option.Keyword) ?? ""] = Marshal.PtrToStringUTF8(option.Value) ?? "";
        PQconninfoFree(list);
        return options;
    }

    [LibraryImport("libpq.so.5", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint PQconninfoParse(string conninfo, out nint error);

    [LibraryImport("libpq.so.5")]
    private static partial void PQconninfoFree(nint options);

    [LibraryImport("libpq.so.5")]
    private static partial void PQfreemem(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct Option
    {
        public nint Keyword;
        public nint EnvironmentVariable;
        public nint Compiled;
        public nint Value;
        public nint Label;
        public nint DisplayCharacter;
        public int DisplaySize;
    }
}
