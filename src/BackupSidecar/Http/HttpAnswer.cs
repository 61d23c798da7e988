using System.Globalization;
using System.Net;
using System.Text;

namespace BackupSidecar.Http;

/// <summary>What is asked for: GET or HEAD of a path, with what stands behind its question mark.</summary>
internal sealed record HttpQuestion(string Path, IReadOnlyDictionary<string, string> Query, bool IsHead)
{
    /// <summary>Understands the first line of a request; null for one that is none of HTTP/1.</summary>
    public static (HttpQuestion? Question, HttpAnswer? Refusal) Parse(string line)
    {
        if (line.Split(' ') is not [var method, ['/', ..] target, "HTTP/1.0" or "HTTP/1.1"])
            return (null, new HttpAnswer(HttpStatusCode.BadRequest, "This is not a request of HTTP/1.1.\n"));
        if (method is not ("GET" or "HEAD"))
            return (null, new HttpAnswer(HttpStatusCode.MethodNotAllowed, "Nothing can be changed here; only GET and HEAD are answered.\n"));
        var parts = target.Split('?', 2);
        return (new HttpQuestion(parts[0], Parameters(parts.ElementAtOrDefault(1) ?? ""), method == "HEAD"), null);
    }

    private static Dictionary<string, string> Parameters(string query)
    {
        var parameters = new Dictionary<string, string>();
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)))
            parameters.TryAdd(pair[0], Uri.UnescapeDataString((pair.ElementAtOrDefault(1) ?? "").Replace('+', ' ')));
        return parameters;
    }
}

/// <summary>What is answered.</summary>
internal sealed record HttpAnswer(HttpStatusCode Status, byte[] Body, string ContentType)
{
    public const string PlainText = "text/plain; charset=utf-8";

    public HttpAnswer(HttpStatusCode status, string text, string contentType = PlainText)
        : this(status, Encoding.UTF8.GetBytes(text), contentType)
    {
    }

    /// <summary>The bytes that go over the wire. Nobody keeps the answer, or takes it for anything else than it says.</summary>
    public byte[] ToBytes(bool isHead)
    {
        var allow = Status == HttpStatusCode.MethodNotAllowed ? "Allow: GET, HEAD\r\n" : "";
        var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {(int)Status} {Status}\r\nContent-Type: {ContentType}\r\nContent-Length: {Body.Length}\r\n{allow}")
            + "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. isHead ? [] : Body];
    }
}
