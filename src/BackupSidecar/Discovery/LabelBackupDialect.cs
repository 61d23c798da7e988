using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery.Connections;

namespace BackupSidecar.Discovery;

/// <summary>
/// Reads the labels <c>backup.*</c> as Label Backup documents them. The same labels always give the same answer, and one that says
/// why they cannot be used names all that is wrong with them, and shows no secret.
/// </summary>
internal static class LabelBackupDialect
{
    private const string Prefix = "backup.";
    private const string Enabled = Prefix + "enabled";
    private const string Type = Prefix + "type";
    private const string Cron = Prefix + "cron";
    private const string Conn = Prefix + "conn";
    private const string DatabaseLabel = Prefix + "database";
    private const string Dest = Prefix + "dest";
    private const string PrefixLabel = Prefix + "prefix";
    private const string Retention = Prefix + "retention";
    private const string Webhook = Prefix + "webhook";

    /// <summary>Longer than anything that makes sense in any of them.</summary>
    private const int LongestValue = 4_096;

    private static readonly string[] Known = [Enabled, Type, Cron, Conn, DatabaseLabel, Dest, PrefixLabel, Retention, Webhook];

    private static readonly string[] Kinds = ["postgres", "mysql", "mongodb", "redis"];

    /// <summary>What the labels of a container come to.</summary>
    public static LabelReading Read(LabelledContainer container, LabelPolicy policy)
    {
        var labels = new GivenLabels(container.Labels, LongestValue);
        if (labels.Find(Enabled) is not { } enabled)
            return Known.Any(name => labels.Find(name) is not null) ? new LabelReading { Remarks = [$"{Enabled}=true is missing: without it, the other labels mean nothing."] } : LabelReading.NotAsked;
        if (enabled != "true")
        {
            // Who wrote 'True' or 'yes' meant it, and must not believe that it is backed up.
            return FlagText.TryParse(enabled, out var isOn) && !isOn ? LabelReading.NotAsked
                : new LabelReading { Problems = [$"{Enabled}: {GivenLabels.Quote(enabled)} is not 'true'."] };
        }
        var database = Read(container, labels, policy);
        labels.Remark(Misspelt(container.Labels.Keys));
        return labels.Problems.Count > 0
            ? new LabelReading { Problems = labels.Problems, Remarks = labels.Remarks }
            : new LabelReading { Database = database, Remarks = labels.Remarks };
    }

    /// <summary>Null where anything is wrong, which the labels then know.</summary>
    private static LabelledDatabase? Read(LabelledContainer container, GivenLabels labels, LabelPolicy policy)
    {
        var kind = Kind(labels);
        var connection = kind is null ? null : Connection(kind, container, labels);
        var schedule = Schedule(labels, policy);
        var store = Store(labels, policy);
        var folder = labels.Parse(PrefixLabel, text => Folder(text, policy));
        var retention = labels.Parse(Retention, Period);
        var webhook = labels.Find(Webhook) is { } url ? WebhookOf(url, labels, policy) : null;
        if (kind is null || connection is null || schedule is null || store is null)
            return null;
        return new LabelledDatabase
        {
            ContainerId = container.Id,
            ContainerName = container.Name,
            Identity = container.Identity,
            Kind = kind,
            Uri = new DatabaseUri(connection.Uri, new DatabaseOptions { Via = connection.Hosts.All(container.Hosts.Contains) ? null : DumpVia.Client }),
            Database = FileWord.Of(labels.Find(DatabaseLabel) ?? connection.Database ?? "database"),
            Cron = schedule,
            Stores = [store],
            Prefix = folder ?? "",
            Retention = retention,
            Webhook = webhook,
        };
    }

    private static string? Kind(GivenLabels labels)
    {
        if (labels.Find(Type) is not { } written)
            labels.Fault(Type, $"it is missing; one of {string.Join(", ", Kinds)}.");
        else if (Kinds.Contains(written.ToLowerInvariant()))
            return written.ToLowerInvariant();
        else
            labels.Fault(Type, $"{GivenLabels.Quote(written)} is none of {string.Join(", ", Kinds)}.");
        return null;
    }

    private static LabelledConnection? Connection(string kind, LabelledContainer container, GivenLabels labels)
    {
        if (labels.Find(Conn) is null && kind != "redis")
        {
            labels.Fault(Conn, $"it is missing; such as {kind}://user:password@{container.Identity.Split('/').ElementAtOrDefault(1) ?? container.Name}/name-of-the-database.");
            return null;
        }
        try
        {
            var name = labels.Find(DatabaseLabel);
            if (name is not null && FileWord.Problem(name) is { } problem)
                labels.Fault(DatabaseLabel, problem);
            var connection = LabelledConnection.Read(kind, labels.Find(Conn) ?? "", name, container.Name);
            foreach (var remark in connection.Remarks)
                labels.Remark($"{Conn}: {remark}");
            return connection;
        }
        catch (FormatException wrong)
        {
            labels.Fault(Conn, wrong.Message);
            return null;
        }
    }

    private static string? Schedule(GivenLabels labels, LabelPolicy policy)
    {
        if (labels.Find(Cron) is not { } written)
            labels.Fault(Cron, "it is missing; such as '0 3 * * *' (every day at 03:00).");
        else if (GivenLabels.MayHoldPassword(written))
            labels.Fault(Cron, $"{GivenLabels.Quote(written)} is no schedule.");
        else if (policy.ScheduleProblem(written) is { } problem)
            labels.Fault(Cron, problem);
        else
            return written;
        return null;
    }

    private static string? Store(GivenLabels labels, LabelPolicy policy)
    {
        var written = (labels.Find(Dest) ?? "local").ToLowerInvariant();
        var store = written is "remote" ? "s3" : written;
        if (store is not ("local" or "s3"))
            labels.Fault(Dest, $"{GivenLabels.Quote(written)} is none of local, remote, s3.");
        else if (policy.Stores.Contains(store))
            return store;
        else
            labels.Fault(Dest, store == "local" ? $"there is no local folder for backups ({SettingTable.LocalPath.Name})." : $"there is no bucket for backups ({SettingTable.S3Bucket.Name}).");
        return null;
    }

    private static string Folder(string text, LabelPolicy policy)
    {
        var folder = PrefixText.Parse(text);
        return folder.Split('/')[0] == policy.ArchiveFolder
            ? throw new FormatException($"{GivenLabels.Quote(policy.ArchiveFolder)} is the folder of archives ({SettingTable.Name.Name}); dumps need another one.")
            : folder;
    }

    /// <summary>0 stands for the operator's own period.</summary>
    private static TimeSpan? Period(string text) =>
        !PeriodText.TryParse(text, out var period) ? throw new FormatException($"{GivenLabels.Quote(text)} is not a length of time, such as 7d, 24h, 90m or a number of days.")
        : period > TimeSpan.Zero ? period : null;

    private static Secret? WebhookOf(string url, GivenLabels labels, LabelPolicy policy)
    {
        if (!WebUri.TryParse(url, out var uri) || uri.UserInfo.Length > 0)
        {
            labels.Fault(Webhook, "it is not an address that begins with https://, or it holds a user.");
            return null;
        }
        if (policy.AllowsPrivateWebhooks || (uri.Scheme == "https" && !WebUri.IsPrivate(uri)))
            return new Secret(url);
        labels.Remark($"{Webhook}: it is not used, because labels may name public https:// addresses only, unless {LabelSettingTable.PrivateWebhooks.Name}=true.");
        return null;
    }

    /// <summary>A label that nearly is one of ours was meant to be.</summary>
    private static string? Misspelt(IEnumerable<string> names)
    {
        var unknown = names.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && !Known.Contains(name)).Order(StringComparer.Ordinal).Take(5).ToList();
        return unknown.Count == 0 ? null : $"{string.Join(", ", unknown.Select(Shown.Line))}: there is no such label; there are {string.Join(", ", Known)}.";
    }
}
