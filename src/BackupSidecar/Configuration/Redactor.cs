using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration;

/// <summary>
/// Masks secrets in text that leaves the program, by their value: the last line of defence, for what programs and servers
/// say back to us.
/// </summary>
internal sealed class Redactor
{
    private const string Mask = "***";

    /// <summary>Shorter values stand in ordinary words, and masking them would only make the log unreadable.</summary>
    private const int Shortest = 4;

    /// <summary>Lines of a key in several lines are masked one by one, unless they are as short as its closing checksum.</summary>
    private const int ShortestLine = 16;

    /// <summary>The longest first. Replaced as a whole: the log may be masking with it.</summary>
    private volatile IReadOnlyList<string> _secrets;

    /// <summary>Takes the values to mask in every form in which they may appear.</summary>
    public Redactor(IEnumerable<string> secrets) => _secrets = Sorted(secrets);

    public static Redactor Of(IEnumerable<GivenValue> values) =>
        new(values.Where(value => value.Setting.IsSecret || value.Setting.Kind == SettingKind.Url).SelectMany(value => Forms(value.Setting, value.Text)));

    /// <summary>Masks from now on what is secret in a URI that no setting has: one that stands in a label.</summary>
    public void Learn(Secret uri) => _secrets = Sorted(_secrets.Concat(UriForms(uri.Reveal())));

    public string Redact(string text) =>
        _secrets.Aggregate(text, (redacted, secret) => redacted.Replace(secret, Mask, StringComparison.Ordinal));

    private static List<string> Sorted(IEnumerable<string> secrets) =>
        [.. secrets.Where(secret => secret.Length >= Shortest).Distinct().OrderByDescending(secret => secret.Length)];

    private static IEnumerable<string> Forms(Setting setting, string text) => setting.Kind switch
    {
        SettingKind.DatabaseUris => ListText.Uris(text).Concat(text.Split('\n', StringSplitOptions.TrimEntries)).SelectMany(UriForms),
        SettingKind.SecretUrl => UriForms(text.Trim()),
        SettingKind.Url => UriForms(text.Trim()).Skip(1),
        _ => Lines(text).Append(text).Append(text.Trim()),
    };

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.Length >= ShortestLine && !line.StartsWith("-----", StringComparison.Ordinal));

    private static IEnumerable<string> UriForms(string uri)
    {
        yield return uri;
        foreach (var password in Passwords(uri))
        {
            var decoded = Uri.UnescapeDataString(password);
            yield return password;
            yield return decoded;
            yield return Uri.EscapeDataString(decoded);
        }
    }

    /// <summary>What stands alone before the host of a Redis URI: there it is the password, not the user.</summary>
    private static string? LoneWord(string uri, int start)
    {
        var isRedis = uri.StartsWith("redis", StringComparison.OrdinalIgnoreCase) || uri.StartsWith("valkey", StringComparison.OrdinalIgnoreCase);
        var end = uri.IndexOf('@', start);
        return isRedis && end > start && !uri[start..end].Contains(':') ? uri[start..end] : null;
    }

    /// <summary>
    /// Everything that may be a password, also in a URI that is wrong: a stray '@' or '/' leaves open where it ends. A password
    /// that is the user's name is not one worth hiding, and is often a word such as "postgres".
    /// </summary>
    private static IEnumerable<string> Passwords(string uri)
    {
        var start = uri.IndexOf("://", StringComparison.Ordinal) is var mark and >= 0 ? mark + 3 : 0;
        var colon = uri.IndexOf(':', start);
        if (colon >= 0)
        {
            var user = uri[start..colon];
            for (var at = uri.IndexOf('@', colon); at >= 0; at = uri.IndexOf('@', at + 1))
            {
                if (uri[(colon + 1)..at] != user)
                    yield return uri[(colon + 1)..at];
            }
        }
        if (LoneWord(uri, start) is { } word)
            yield return word;

        foreach (var pair in uri[(uri.IndexOf('?') + 1)..].Split('&').Select(pair => pair.Split('=', 2)))
        {
            if (pair is [{ } name, { } value] && name.Contains("password", StringComparison.OrdinalIgnoreCase))
                yield return value;
        }
    }
}
