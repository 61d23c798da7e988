using System.Globalization;
using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;

namespace BackupSidecar.Commands;

/// <summary>The explanation for people.</summary>
internal static class ExplainText
{
    public static string Of(IReadOnlyList<ExplainedContainer> containers, string scope, Settings settings)
    {
        var text = new StringBuilder(scope).Append('\n');
        // Of others' containers without labels there is nothing to say, unless one is asked for.
        var told = containers.Where(container => containers.Count == 1 || container.Found.IsInScope || container.Verdict != "no-labels");
        foreach (var container in told.OrderBy(container => container.Verdict == "no-labels"))
            Append(text, container, settings);
        var unprotected = containers.Where(container => container.Unprotected is not null).ToList();
        if (unprotected.Count > 0)
            text.Append("\nNOBODY BACKS UP:\n");
        foreach (var container in unprotected)
            text.Append($"  {Shown.Line(container.Found.Container.Name)}: {container.Unprotected}\n");
        return text.ToString().TrimEnd('\n');
    }

    private static void Append(StringBuilder text, ExplainedContainer container, Settings settings)
    {
        var found = container.Found;
        text.Append($"\n{Shown.Line(found.Container.Name)}: {Verdict(container)}\n");
        if (container.NextRun is { } next && found.Reading.Database is { } database)
        {
            text.Append($"  what   {database.Kind} {database.Database}\n");
            text.Append($"  when   {Shown.Line(database.Cron)}; next {Time(next)}{(container.LastBegan is { } last ? $"; last begun {Time(TimeZoneInfo.ConvertTime(last, settings.TimeZone))}" : "")}\n");
            text.Append($"  where  {string.Join(", ", database.Stores)}{(database.Prefix.Length > 0 ? $", in {Shown.Line(database.Prefix)}" : "")}\n");
            text.Append($"  kept   {Kept(database, settings.Labels)}\n");
        }
        foreach (var problem in found.Reading.Problems)
            text.Append($"  WRONG  {problem}\n");
        foreach (var remark in found.Remarks)
            text.Append($"  note   {remark}\n");
    }

    private static string Verdict(ExplainedContainer container) => container.Verdict switch
    {
        "backed-up" => "backed up",
        "waits-until-it-runs" => $"backed up when it runs again: it is {container.Found.Summary.State}",
        "rejected" => "NOT backed up, because its labels cannot be used",
        "out-of-scope" => "NOT backed up: it asks, but belongs to another Compose project (BACKUP_LABEL_SCOPE=all reads the labels of all)",
        "one-off" => "not backed up: it was made by 'docker compose run' and only has the labels of its service",
        "replaced" => "not backed up: another container has taken its place",
        "duplicate" => "NOT backed up: it claims to be another container",
        "labels-not-read" => "NOT backed up: it asks, but labels are not read (BACKUP_LABELS=on reads them)",
        _ => "no labels that ask for a backup",
    };

    private static string Kept(LabelledDatabase database, LabelSettings? labels) =>
        (database.Retention ?? labels?.Retention) is { } period ? DurationText.Format(period) : "for ever";

    private static string Time(DateTimeOffset time) => time.ToString("ddd yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
}
