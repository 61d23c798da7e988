using System.Net;
using BackupSidecar.Configuration.Input;
using static BackupSidecar.Configuration.SettingKind;

namespace BackupSidecar.Configuration;

/// <summary>Where the daemon answers questions over HTTP.</summary>
/// <param name="Port">BACKUP_HTTP_PORT.</param>
/// <param name="Address">BACKUP_HTTP_ADDRESS; IPv6's "any" stands for every address of either version.</param>
internal sealed record HttpSettings(int Port, IPAddress Address);

/// <summary>The rows of the table of settings that are about HTTP.</summary>
internal static class HttpSettingTable
{
    private const string HttpSection = "Answers over HTTP";

    public static readonly Setting Port = new(HttpSection, "BACKUP_HTTP_PORT", Integer,
        "Port on which the daemon answers /healthz, /readyz, /metrics, /status and /metadata over HTTP. 0: none.")
    { DefaultNote = "8080 where labels are read, else none", Example = "8080", Maximum = 65_535 };

    public static readonly Setting Address = new(HttpSection, "BACKUP_HTTP_ADDRESS", Text,
        "IP address on which it listens. There are no passwords and no secrets in the answers; publish the port to nobody who need not know the names of your backups.")
    { DefaultNote = "every address in a container, else 127.0.0.1", Example = "127.0.0.1" };

    public static IReadOnlyList<Setting> All { get; } = [Port, Address];
}

/// <summary>Builds the settings of HTTP.</summary>
internal sealed class HttpParts(GivenSettings given, SettingValues values, Findings findings)
{
    /// <summary>Label Backup's.</summary>
    private const int UsualPort = 8080;

    /// <summary>Null where nothing is answered.</summary>
    public HttpSettings? Settings()
    {
        var port = values.Integer(HttpSettingTable.Port) ?? (given.ReadsLabels ? UsualPort : 0);
        // Most daemons answer nobody, and are spared what knows of addresses.
        if (port == 0 && !given.IsGiven(HttpSettingTable.Address))
            return null;
        var address = Address();
        return port > 0 ? new HttpSettings(port, address) : null;
    }

    private IPAddress Address()
    {
        if (values.Text(HttpSettingTable.Address) is not { } text)
            return ProcessEnvironment.IsContainer ? IPAddress.IPv6Any : IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address.Equals(IPAddress.Any) ? IPAddress.IPv6Any : address;
        findings.Fault(HttpSettingTable.Address.Name, $"{Values.Shown.Quote(text)} is not an IP address.", HttpSettingTable.Address.Example);
        return IPAddress.Loopback;
    }
}
