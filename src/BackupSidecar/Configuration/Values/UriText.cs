using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace BackupSidecar.Configuration.Values;

/// <summary>
/// The parts that the connection URIs of databases have in common. .NET's own Uri knows neither several hosts nor the
/// rules of the databases' tools. Messages quote nothing of the text, because it holds passwords.
/// </summary>
internal static class UriText
{
    public const string Unescaped =
        "where its password ends cannot be told; percent-encode '@' (%40), ':' (%3A), '/' (%2F), '?' (%3F), '#' (%23) and '%' (%25) "
        + "in user and password.";

    /// <summary>Reads a URI, or says what is wrong with it; then the URI is an empty one.</summary>
    public static bool TryParse<TUri>(string text, Func<string, TUri> parse, out TUri uri, out string problem)
        where TUri : new()
    {
        (uri, problem) = (new TUri(), "");
        try
        {
            uri = parse(text);
        }
        catch (FormatException e)
        {
            problem = e.Message;
        }

        return problem.Length == 0;
    }

    /// <exception cref="FormatException">The text begins with none of the schemes, or holds what no URI does.</exception>
    public static string AfterScheme(string text, params ReadOnlySpan<string> schemes)
    {
        if (text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            throw new FormatException("it holds a blank or a control character; percent-encode it (a blank is %20).");
        foreach (var scheme in schemes)
        {
            if (text.StartsWith(scheme, StringComparison.Ordinal))
                return text[scheme.Length..];
        }

        throw new FormatException($"it does not begin with {string.Join(" or ", schemes.ToArray())}.");
    }

    /// <summary>Splits <c>user:password@servers/path?query</c>; all parts but the servers may be missing, and none is decoded.</summary>
    /// <exception cref="FormatException">Where the password ends cannot be told.</exception>
    public static (string Credentials, string Servers, string Behind) Authority(string text)
    {
        var end = text.IndexOfAny(['/', '?']) is var found and >= 0 ? found : text.Length;
        var (authority, behind) = (text[..end], text[end..]);
        var at = authority.LastIndexOf('@');
        var credentials = at < 0 ? "" : authority[..at];
        if (credentials.Contains('@') || credentials.Count(c => c == ':') > 1 || behind.Split('?')[0].Contains('@'))
            throw new FormatException(Unescaped);
        return (credentials, authority[(at + 1)..], behind);
    }

    public static (string User, string? Password) Credentials(string text)
    {
        var colon = text.IndexOf(':');
        return colon < 0 ? (Decode(text), null) : (Decode(text[..colon]), Decode(text[(colon + 1)..]));
    }

    public static (string Host, string Port) ParseHost(string text)
    {
        var close = text.StartsWith('[') ? text.IndexOf(']') : 0;
        if (close is < 0 or 1)
            throw new FormatException("the IPv6 address of its host has no end, or is empty.");
        var host = close == 0 ? text.Split(':', 2)[0] : text[1..close];
        var rest = text[(close == 0 ? host.Length : close + 1)..];
        if (rest.Length > 0 && rest[0] != ':')
            throw new FormatException("something other than a port follows its host.");
        var port = rest.Length > 0 ? rest[1..] : "";
        if (!IsPort(port))
            throw new FormatException("its port is not a number from 1 to 65535; or " + Unescaped);
        return (Decode(host), port);
    }

    /// <summary>Whether a text is a port, or empty for the usual one.</summary>
    public static bool IsPort(string text) =>
        text.Length == 0 || (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0);

    /// <summary>Splits <c>/path?query</c>; both parts may be missing.</summary>
    public static (string Path, string Query) PathAndQuery(string text)
    {
        var mark = text.IndexOf('?');
        var path = mark < 0 ? text : text[..mark];
        return (path.Length > 0 ? path[1..] : "", mark < 0 ? "" : text[(mark + 1)..]);
    }

    public static Dictionary<string, string> Parameters(string query)
    {
        var parameters = new Dictionary<string, string>();
        foreach (var pair in query.Split('&').Where(pair => pair.Length > 0))
        {
            var equals = pair.IndexOf('=');
            if (equals <= 0)
                throw new FormatException("a parameter after '?' is not of the form name=value.");
            parameters[Decode(pair[..equals])] = Decode(pair[(equals + 1)..]);
        }

        return parameters;
    }

    /// <summary>Decodes percent-encoded UTF-8; .NET's own decoding leaves what is wrong as it is.</summary>
    public static string Decode(string text)
    {
        var decoded = new StringBuilder();
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i += text[i] == '%' ? 3 : 1)
        {
            if (text[i] == '%')
            {
                bytes.Add(EscapedByte(text.AsSpan(i + 1)));
                continue;
            }

            Flush(bytes, decoded);
            decoded.Append(text[i]);
        }

        Flush(bytes, decoded);
        return decoded.ToString();
    }

    private static byte EscapedByte(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || !byte.TryParse(text[..2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            throw new FormatException("a '%' in it is not followed by two hexadecimal digits; a '%' itself is written %25.");
        return value > 0 ? value : throw new FormatException("it holds %00, which no part of it can be.");
    }

    private static void Flush(List<byte> bytes, StringBuilder decoded)
    {
        if (!Utf8.IsValid(CollectionsMarshal.AsSpan(bytes)))
            throw new FormatException("what is percent-encoded in it is not UTF-8 text.");
        decoded.Append(Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes)));
        bytes.Clear();
    }

    public static string HostAndPort((string Host, string Port) server)
    {
        var host = server.Host.Contains(':') ? $"[{server.Host}]" : Encode(server.Host, "/.-_");
        return server.Port.Length > 0 ? $"{host}:{server.Port}" : host;
    }

    public static string Display(string scheme, string user, string hosts, string database) =>
        $"{scheme}://{(user.Length > 0 ? Encode(user, "-_.") + "@" : "")}{hosts}/{Encode(database, "-_.")}";

    /// <summary>Letters, digits and the characters given stay; everything else could break the line or the URI.</summary>
    private static string Encode(string text, string kept)
    {
        var encoded = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var character = rune.ToString();
            encoded.Append(Rune.IsLetterOrDigit(rune) || kept.Contains(character) ? character : Uri.EscapeDataString(character));
        }

        return encoded.ToString();
    }
}
