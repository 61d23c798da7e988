using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// A libpq URI without its password, and the password. The rest stays as it was written, so that libpq alone decides
/// what hosts, sockets and options mean. Other users of the machine can read a program's arguments; they get the former.
/// </summary>
internal sealed record LibpqUri
{
    private static readonly string[] Schemes = ["postgresql://", "postgres://"];
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private LibpqUri(string withoutPassword, string? password) => (WithoutPassword, Password) = (withoutPassword, password);

    public string WithoutPassword { get; }

    /// <summary>Decoded; null if the URI has none.</summary>
    public string? Password { get; }

    /// <summary>With a parameter that has precedence over what was written: of two values for one parameter the later one counts.</summary>
    public LibpqUri With(string parameter, string value) => new(
        $"{WithoutPassword}{(WithoutPassword.Contains('?') ? '&' : '?')}{parameter}={Uri.EscapeDataString(value)}", Password);

    /// <exception cref="DatabaseException">The password cannot be told apart from the rest. The message does not quote the URI.</exception>
    public static LibpqUri Split(Secret uri)
    {
        var text = uri.Reveal();
        var scheme = Schemes.FirstOrDefault(scheme => text.StartsWith(scheme, StringComparison.Ordinal))
            ?? throw Unusable("it must begin with postgresql:// or postgres://");
        var rest = text[scheme.Length..];

        var (user, password, hosts) = SplitUser(rest);
        var question = hosts.IndexOf('?', StringComparison.Ordinal);
        var query = question < 0 ? "" : hosts[question..];
        hosts = question < 0 ? hosts : hosts[..question];

        // An '@' that is left over means that the password holds a '/' or an '@' as it is: the tool would take a piece of the
        // password for a host or a database, and print it in its error.
        if (hosts.Contains('@'))
            throw Unusable("it has an '@' too many; write '/' in a password as %2F and '@' as %40");
        var parameters = TakePassword(query, ref password);
        return new LibpqUri(scheme + user + hosts + parameters, password);
    }

    /// <summary>As libpq does it: a user stands before the first '@' if no '/' comes earlier, its password after the first ':'.</summary>
    private static (string User, string? Password, string Hosts) SplitUser(string rest)
    {
        var end = rest.IndexOfAny(['@', '/']);
        if (end < 0 || rest[end] == '/')
            return ("", null, rest);
        var user = rest[..end];
        var colon = user.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? (user + '@', null, rest[(end + 1)..])
            : (user[..colon] + '@', Decode(user[(colon + 1)..]), rest[(end + 1)..]);
    }

    private static string TakePassword(string query, ref string? password)
    {
        if (query.Length == 0)
            return query;
        var kept = new List<string>();
        foreach (var parameter in query[1..].Split('&'))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 && parameter.Length > 0)
                throw Unusable("a parameter after its '?' has no '='; write '?' in a password as %3F and '&' as %26");
            var key = equals < 0 ? "" : Decode(parameter[..equals]);
            if (key is "sslpassword" or "oauth_client_secret")
                throw Unusable($"{key} would be visible to other users of the machine; use a key file that needs no password");
            if (key == "password")
                password = Decode(parameter[(equals + 1)..]);
            else
                kept.Add(parameter);
        }
        return kept.Count == 0 ? "" : '?' + string.Join('&', kept);
    }

    /// <summary>Strict where <see cref="Uri.UnescapeDataString(string)"/> is lenient: libpq refuses what is not well encoded, and so do we.</summary>
    private static string Decode(string text)
    {
        var bytes = new List<byte>(text.Length);
        var encoded = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != (byte)'%')
            {
                bytes.Add(encoded[i]);
                continue;
            }
            if (i + 2 >= encoded.Length || !char.IsAsciiHexDigit((char)encoded[i + 1]) || !char.IsAsciiHexDigit((char)encoded[i + 2]))
                throw Unusable("a '%' is not followed by two hexadecimal digits; write '%' itself as %25");
            bytes.Add(Convert.FromHexString(Encoding.ASCII.GetString(encoded, i + 1, 2))[0]);
            i += 2;
        }
        if (bytes.Contains(0))
            throw Unusable("it holds %00");
        try
        {
            return Utf8.GetString(bytes.ToArray());
        }
        catch (DecoderFallbackException error)
        {
            throw new DatabaseException("The PostgreSQL URI cannot be used: its password is not UTF-8.", error);
        }
    }

    private static DatabaseException Unusable(string why) => new($"The PostgreSQL URI cannot be used: {why}.");
}
