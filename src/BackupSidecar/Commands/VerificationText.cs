using System.Globalization;
using System.Text;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Runs;
using BackupSidecar.Verification;

namespace BackupSidecar.Commands;

/// <summary>A verification in words.</summary>
internal static class VerificationText
{
    /// <summary>One line for the copy, and one for each thing to know of it.</summary>
    public static string Of(CopyVerification found)
    {
        var copy = found.Copy;
        var text = new StringBuilder($"{found.Name.Timestamp}  {copy.Store,-5}  {ReportText.Word(copy.Level),-7}  ");
        text.Append(copy.Result == VerificationResult.Good ? "good" : $"{ReportText.Word(copy.Result).ToUpperInvariant()}: {copy.Problem}").Append('\n');
        foreach (var source in found.Sources)
            text.Append(CultureInfo.InvariantCulture, $"    {source.Source.Entry}: {Size(source)}{(source.Reader is null ? "" : $", read by {source.Reader}")}{Drilled(found, source)}\n");
        if (found.Drill is { IsRecovery: true } drill)
            text.Append(CultureInfo.InvariantCulture, $"    recovery took {ReportText.Time(TimeSpan.FromSeconds(drill.Times.Recovery))}\n");
        foreach (var open in found.LeftOpen)
            text.Append(CultureInfo.InvariantCulture, $"    but {open}\n");
        return text.ToString();
    }

    public static string Word(DrillOutcome outcome) => outcome switch
    {
        DrillOutcome.Restored => "restored",
        DrillOutcome.NotRestored => "not restored",
        DrillOutcome.Refused => "refused",
        DrillOutcome.Untrue => "untrue",
        _ => "could not be told",
    };

    private static string Drilled(CopyVerification found, CheckedSource source)
    {
        if (found.Drill?.Sources.FirstOrDefault(each => each.Entry == source.Source.Entry) is not { } drilled)
            return "";
        var into = drilled.Image is null || !drilled.CameBack ? "" : $" into a scratch server of {drilled.Image}";
        var load = drilled.LoadSeconds is { } seconds && drilled.CameBack ? $" in {ReportText.Time(TimeSpan.FromSeconds(seconds))}" : "";
        var counts = drilled.Compared.Count == 0 ? "" : $", {drilled.Compared.Count(drilled.Agrees)} of {drilled.Compared.Count} {(drilled.Compared.Count == 1 ? "count agrees" : "counts agree")}";
        var assertions = drilled.Assertions.Count == 0 ? "" : $", {drilled.Assertions.Count(each => each.Problem is null)} of {drilled.Assertions.Count} assertions true";
        return drilled.Outcome == DrillOutcome.NotRestored ? ", not restored" : $", {(drilled.CameBack ? "restored" : Word(drilled.Outcome))}{into}{load}{counts}{assertions}";
    }

    /// <summary>What nobody should believe of a good result.</summary>
    public static string NotChecked(VerificationLevel level) => level switch
    {
        VerificationLevel.Stored =>
            "Every stored byte is the one that was written. Not checked: whether the key opens them, and what is in them (--level content).",
        VerificationLevel.Content =>
            "Everything in the archive is what the manifest says. Not checked: whether servers take the dumps and applications run with the files; only a restore shows that.",
        VerificationLevel.Restore =>
            "Everything was restored beside the running services and is what the manifest counted. Not checked: whether applications run with it.",
        _ => throw new ArgumentOutOfRangeException(nameof(level)),
    };

    private static string Size(CheckedSource source) =>
        $"{ReportText.Size(source.Source.Bytes)} in {source.Source.Entries.ToString(CultureInfo.InvariantCulture)} {(source.Source.Entries == 1 ? "entry" : "entries")}";
}
