using System.Globalization;
using System.Net;
using System.Text;

namespace BackupSidecar.Reports.Drills;

/// <summary>A drill's report as one page for people, auditors among them: it needs nothing but itself, and everything in it is escaped.</summary>
internal static class DrillPage
{
    /// <summary>So many counts are shown, those that differ first, so that the page stays one page; all of them stand in the JSON.</summary>
    private const int MostCounts = 18;

    /// <summary>Of less than this the start of servers takes the most, and a pace would say nothing.</summary>
    private const long LeastForPace = 256L << 20;

    /// <summary>The page, in UTF-8 without anything from elsewhere.</summary>
    public static string Of(DrillReport report, TimeZoneInfo zone)
    {
        var page = new StringBuilder();
        page.Append(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="color-scheme" content="light dark">
            <title>Restore drill of {Text(report.Archive)}</title>
            <style>{DrillPageStyle.Css}</style>
            </head>
            <body>
            <main>
            <header>
            <p class="kind">Restore drill</p>
            <h1>{Text(report.BackupName)}</h1>
            <p class="verdict {VerdictClass(report)}">{Verdict(report)}</p>
            {(report.Problem is null ? "" : $"<p class=\"problem\">{Text(report.Problem)}</p>")}
            </header>

            """);
        page.Append(Facts(report, zone)).Append(Timeline(report.Times)).Append(Sources(report));
        page.Append(Counts(report)).Append(Assertions(report)).Append(Remarks(report));
        page.Append(
            $"""
            <footer>Made by {Text(report.MadeBy)}, run {report.RunId}. Tables and numbers only: no row of the data stands here.</footer>
            </main>
            </body>
            </html>

            """);
        return page.ToString();
    }

    private static string Verdict(DrillReport report) => (report.Result, report.Level) switch
    {
        (VerificationResult.Good, VerificationLevel.Restore) => "Restored: everything came back as it was backed up",
        (VerificationResult.Good, _) => "Restored in part: what could not be restored here was read as content",
        (VerificationResult.Refused, _) when report.IsOnlyUntrue => "Refused: everything came back as it was backed up, but not all that is asserted of it is true",
        (VerificationResult.Refused, _) => "Refused: it does not come back as it was backed up",
        _ => "Could not be told: this machine failed, not the backup",
    };

    private static string VerdictClass(DrillReport report) => (report.Result, report.Level) switch
    {
        (VerificationResult.Good, VerificationLevel.Restore) => "good",
        (VerificationResult.Refused, _) => "bad",
        _ => "fair",
    };

    private static string Facts(DrillReport report, TimeZoneInfo zone)
    {
        var perGiB = report.IsRecovery && report.RestoredBytes > 0 ? report.Times.Recovery * (1L << 30) / report.RestoredBytes : (double?)null;
        return $"""
            <dl class="facts">
            {Fact("Recovery time", report.IsRecovery ? Seconds(report.Times.Recovery) : "not known", !report.IsRecovery ? "not everything came back" : perGiB is { } time && report.RestoredBytes >= LeastForPace ? $"{Seconds(time)} per GiB at this pace" : "read, decrypt, start, load")}
            {Fact("Restored", ReportText.Size(report.RestoredBytes), $"from an archive of {ReportText.Size(report.ArchiveBytes)}")}
            {Fact("Backed up", Time(report.BackedUpAt, zone), Text(report.Archive))}
            {Fact("Drilled", Time(report.FinishedAt, zone), $"from the store {Text(report.Store)}; {(report.IsAuthenticated ? "the manifest is authentic" : "no key vouches for the manifest")}")}
            </dl>

            """;
    }

    private static string Fact(string name, string value, string more) => $"<div><dt>{name}</dt><dd>{value}</dd><dd class=\"more\">{more}</dd></div>";

    private static string Timeline(DrillTimes times)
    {
        var parts = new[] { ("Read and hash", times.Read), ("Decrypt and unpack", times.Unpack), ("Start servers", times.Start), ("Load", times.Load) };
        var whole = Math.Max(times.Recovery, 0.001);
        var bars = parts.Select((part, index) => $"<span class=\"part{index}\" style=\"width:{(part.Item2 / whole * 100).ToString("0.0", CultureInfo.InvariantCulture)}%\"></span>");
        var legend = parts.Select((part, index) => $"<li><i class=\"part{index}\"></i>{part.Item1} {Seconds(part.Item2)}</li>");
        return $"<div class=\"bar\" role=\"img\" aria-label=\"Where the time went\">{string.Concat(bars)}</div>\n<ul class=\"legend\">{string.Concat(legend)}</ul>\n\n";
    }

    private static string Sources(DrillReport report)
    {
        var rows = report.Sources.Select(source =>
            $"""
            <tr><td><b>{Text(source.Entry)}</b><small>{Text(source.Origin)}</small></td>
            <td class="{OutcomeClass(source.Outcome)}">{Outcome(source.Outcome)}{(source.Problem is null ? "" : $"<small>{Text(source.Problem)}</small>")}</td>
            <td>{ReportText.Size(source.Bytes)}{(source.LoadSeconds is { } load ? $"<small>loaded in {Seconds(load)}</small>" : "")}</td>
            <td>{Image(source)}</td></tr>
            """);
        return $"<h2>Sources</h2>\n<table class=\"sources\"><tr><th>Source</th><th>Outcome</th><th>Size</th><th>Restored into</th></tr>\n{string.Join('\n', rows)}\n</table>\n\n";
    }

    private static string Image(DrilledSource source) => source.Image is null
        ? "a scratch folder"
        : $"{Text(source.Image)}<small>{Text(source.ImageDigest is { Length: > 19 } digest ? digest[..19] + "…" : source.ImageDigest ?? "")}{(source.Server is null ? "" : $"; dumped from {Text(source.Server)}")}</small>";

    private static string Counts(DrillReport report)
    {
        var all = report.Sources.SelectMany(source => source.Counts.Select(count => (source.Entry, Count: count, Agrees: source.Agrees(count)))).ToList();
        if (all.Count == 0)
            return "";
        var shown = all.OrderBy(each => each.Agrees ? 1 : 0).ThenByDescending(each => each.Count.Expected ?? 0).Take(MostCounts);
        var rows = shown.Select(each =>
            $"<tr class=\"{(each.Agrees ? "" : "differs")}\"><td>{Text(each.Count.Name)}<small>{Text(each.Entry)}</small></td><td>{Number(each.Count.Expected)}</td><td>{Number(each.Count.Found)}</td></tr>");
        var compared = all.FindAll(each => each.Count.Expected is not null);
        return $"<h2>Counts: {compared.Count(each => each.Agrees)} of {compared.Count} agree</h2>\n<table class=\"counts\"><tr><th>Table</th><th>In the manifest</th><th>After the restore</th></tr>\n{string.Join('\n', rows)}\n</table>\n"
            + (all.Count > MostCounts ? $"<p class=\"note\">{all.Count - MostCounts} more stand in the report in JSON.</p>\n\n" : "\n");
    }

    private static string Assertions(DrillReport report)
    {
        var rows = report.Sources.SelectMany(source => source.Assertions.Select(each =>
            $"<li class=\"{(each.Problem is null ? "true" : "false")}\">{Text(each.Name)} <small>{Text(source.Entry)}: {Text(each.Problem ?? "true")}</small></li>")).ToList();
        return rows.Count == 0 ? "" : $"<h2>Assertions</h2>\n<ul class=\"assertions\">{string.Concat(rows)}</ul>\n\n";
    }

    private static string Remarks(DrillReport report)
    {
        var remarks = report.Sources.SelectMany(source => source.Remarks.Select(remark => $"{source.Entry}: {remark}")).Concat(report.NotChecked);
        return $"<h2>To know</h2>\n<ul class=\"remarks\">{string.Concat(remarks.Select(remark => $"<li>{Text(remark)}</li>"))}</ul>\n\n";
    }

    private static string Outcome(DrillOutcome outcome) => outcome switch
    {
        DrillOutcome.Restored => "restored",
        DrillOutcome.NotRestored => "not restored",
        DrillOutcome.Refused => "REFUSED",
        DrillOutcome.Untrue => "restored, but not what is asserted of it",
        _ => "could not be told",
    };

    private static string OutcomeClass(DrillOutcome outcome) => outcome switch
    {
        DrillOutcome.Restored => "good",
        DrillOutcome.Refused or DrillOutcome.Untrue => "bad",
        _ => "fair",
    };

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(long? number) => number?.ToString("#,0", CultureInfo.InvariantCulture) ?? "–";

    private static string Seconds(double seconds) => ReportText.Time(TimeSpan.FromSeconds(seconds));

    private static string Time(DateTimeOffset at, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
