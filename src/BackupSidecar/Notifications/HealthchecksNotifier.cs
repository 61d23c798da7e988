using System.Globalization;
using System.Net.Http.Headers;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Notifications;

/// <summary>
/// Tells healthchecks.io, or a server of its kind, when a run starts and how it ends, so that it also notices if no run ever
/// starts. Everything but full success is a failure there. All pings of a run carry its id, by which the server tells runs apart.
/// The check waits for backups: a verification that went well is only noted there, or it would stand in for a backup that is missing; and so
/// are settings that were not reloaded, because backups go on.
/// </summary>
internal sealed class HealthchecksNotifier(PingUrl url, PingClient client) : INotifier
{
    public const string Setting = "BACKUP_HEALTHCHECKS_URL";

    private const string PublicServer = "https://hc-ping.com/";
    private const string Example = PublicServer + "00000000-0000-0000-0000-000000000000";
    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>The least that servers keep by default; more is sent only to a server that has said that it keeps more.</summary>
    private const int CautiousBodyLimit = 10_000;

    /// <summary>What the public server keeps. A summary for people is never longer.</summary>
    private const int LongestBody = 100_000;

    private int _bodyLimit = CautiousBodyLimit;

    public string Name => "healthchecks";

    /// <summary>Takes a full ping URL, of any server, or the bare UUID of a check at healthchecks.io.</summary>
    /// <exception cref="ConfigurationException">It is neither.</exception>
    public static PingUrl ParseUrl(Secret value)
    {
        var text = value.Reveal().Trim();
        var isCheck = Guid.TryParseExact(text, "D", out _);
        return PingUrl.Parse(Setting, isCheck ? new Secret(PublicServer + text) : value, Example);
    }

    public async Task StartedAsync(Guid runId, CancellationToken cancellation)
    {
        var reply = await PingAsync("/start", runId, [], cancellation);
        _bodyLimit = BodyLimit(reply);
    }

    public Task FinishedAsync(RunReport report, CancellationToken cancellation) =>
        PingAsync(
            report.Kind == RunKind.Reload ? "/log" : report.Outcome != RunOutcome.Succeeded ? "/fail" : report.Kind == RunKind.Verify ? "/log" : "",
            report.RunId,
            PingBody.Fit(ReportText.Summary(report), _bodyLimit),
            cancellation);

    private Task<HttpResponseHeaders> PingAsync(string signal, Guid runId, byte[] body, CancellationToken cancellation) =>
        client.PostAsync(new PingMessage(url, url.With(signal, $"rid={runId:D}"), body, PlainText), cancellation);

    /// <summary>A server that does not name a limit has none.</summary>
    private static int BodyLimit(HttpResponseHeaders reply) =>
        !reply.TryGetValues("Ping-Body-Limit", out var values) ? LongestBody
        : int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? Math.Min(limit, LongestBody)
        : CautiousBodyLimit;
}
