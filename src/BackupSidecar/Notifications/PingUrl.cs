using System.Net.Http.Headers;
using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Notifications;

/// <summary>An address to post to. Whoever knows it can report success, so its text form is the setting and the host only.</summary>
internal sealed class PingUrl
{
    private readonly string _setting;
    private readonly Uri _url;

    private PingUrl(string setting, Uri url)
    {
        _setting = setting;
        _url = url;
    }

    /// <summary>The setting that names it, or what else people know it by.</summary>
    public string Setting => _setting;

    public string Host => _url.Host;

    /// <summary>The whole address, which is a secret.</summary>
    public Secret Value => new(_url.AbsoluteUri);

    /// <summary>User and password of the address, which HTTP sends as a header.</summary>
    public AuthenticationHeaderValue? Authorization => _url.UserInfo.Length == 0
        ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(_url.UserInfo))));

    /// <exception cref="ConfigurationException">It is no http or https address.</exception>
    public static PingUrl Parse(string setting, Secret value, string example) =>
        Uri.TryCreate(value.Reveal().Trim(), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new PingUrl(setting, url)
            : throw new ConfigurationException([new ConfigurationFault(setting, "is not an http or https address.", example)]);

    /// <summary>The address with something appended to its path and to its query, which both stay as they are.</summary>
    public Uri With(string pathSuffix = "", string query = "")
    {
        var builder = new UriBuilder(_url) { UserName = "", Password = "", Fragment = "" };
        if (pathSuffix.Length > 0)
            builder.Path = _url.AbsolutePath.TrimEnd('/') + pathSuffix;
        if (query.Length > 0)
            builder.Query = _url.Query.Length > 1 ? $"{_url.Query}&{query}" : query;
        return builder.Uri;
    }

    public override string ToString() => $"{_setting} ({_url.Host})";
}
