using BackupSidecar.Configuration;

namespace BackupSidecar.Reports;

/// <summary>What a deviation from the usual comes to.</summary>
internal enum AnomalyGravity
{
    /// <summary>Somebody should know.</summary>
    Warning,

    /// <summary>So much is lost that somebody has to look.</summary>
    Attention,

    /// <summary>Nothing at all is left of a source: it cannot be called backed up.</summary>
    Empty,
}

/// <summary>In what a backup is unlike those before it. The entry names the source, and is null for all of them together.</summary>
internal sealed record Anomaly(AnomalyGravity Gravity, string? Entry, string Text)
{
    public string Sentence => $"{Start(Entry ?? "All sources together")}{Text}";

    /// <summary>Whether a sentence of an earlier backup is about this source.</summary>
    public static bool IsOf(string entry, string sentence) => sentence.StartsWith(Start(entry), StringComparison.Ordinal);

    private static string Start(string what) => $"{what}: ";
}

/// <summary>
/// The last good backups as the measure for the next one: the median of sizes, counts and times. Fewer than three say nothing, and
/// what a person has accepted is where the measure begins anew, for what had lost something and for the total.
/// </summary>
internal sealed class UsualBackup
{
    private const int MostSamples = 7;
    private const int FewestSamples = 3;

    /// <summary>Below these, a share of them says nothing: the small change that people make by hand.</summary>
    private const long NotableBytes = 64 * 1024;
    private const long NotableCount = 20;

    /// <summary>A run that takes so many times its usual time, and at least so much longer, is told.</summary>
    private const int SlowFactor = 3;
    private static readonly TimeSpan NotableDelay = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<Sample> _samples;

    private UsualBackup(IReadOnlyList<Sample> samples) => _samples = samples;

    /// <summary>The reports since the measure of the whole began anew.</summary>
    private IEnumerable<RunReport> Whole => _samples.TakeWhile((_, index) => index == 0 || !_samples[index - 1].IsAccepted).Select(sample => sample.Report);

    /// <param name="newestFirst">The history.</param>
    /// <param name="marks">What a person has accepted.</param>
    public static UsualBackup Of(IEnumerable<RunReport> newestFirst, BackupMarks marks)
    {
        var samples = newestFirst
            .Where(report => report is { Kind: RunKind.Backup, Archive: not null })
            .Select(report => new Sample(report, marks.OfBackup(report.Archive!) is { IsOpen: false })) // Asked for above.
            .Where(sample => sample.IsAccepted || sample.Report.Outcome == RunOutcome.Succeeded);
        return new UsualBackup([.. samples.Take(MostSamples)]);
    }

    /// <summary>In what these sources are less than usual. Those that have a problem anyway are passed over, and then the total says nothing either.</summary>
    public IEnumerable<Anomaly> Compare(IReadOnlyList<SourceReport> taken, AnomalySettings settings)
    {
        foreach (var source in taken.Where(source => source.Problem is null))
        {
            var before = Before(source.EntryName).ToList();
            Loss?[] losses =
            [
                Loss.Of(source.Bytes, Median(before.Select(other => (long?)other.Bytes)), NotableBytes, isSize: true, "bytes"),
                Loss.Of(source.Entries, Median(before.Select(other => (long?)other.Entries)), NotableCount, isSize: false, "entries"),
                Loss.Of(source.Records, Median(before.Select(other => other.Records)), NotableCount, isSize: false, "rows or keys"),
            ];
            if (losses.OfType<Loss>().MaxBy(loss => loss.Share) is { } worst && Gravity(worst, settings) is { } gravity)
                yield return new Anomaly(gravity, source.EntryName, worst.ToString());
        }
        if (taken.Count < 2 || taken.Any(source => source.Problem is not null))
            yield break;
        var total = Loss.Of(
            taken.Sum(source => source.Bytes), Median(Whole.Select(report => (long?)report.Sources.Sum(source => source.Bytes))), NotableBytes, isSize: true, "bytes");
        if (total is not null && Gravity(total, settings) is { } grave)
            yield return new Anomaly(grave == AnomalyGravity.Empty ? AnomalyGravity.Attention : grave, Entry: null, total.ToString());
    }

    /// <summary>A sentence about a run that takes much longer than usual; null if it does not.</summary>
    public string? CompareTime(TimeSpan taken)
    {
        if (Median(Whole.Select(report => (long?)report.Duration.Ticks)) is not { } ticks)
            return null;
        var usual = TimeSpan.FromTicks((long)ticks);
        return taken >= usual * SlowFactor && taken - usual >= NotableDelay
            ? $"The backup took {ReportText.Time(taken)} so far, where the last good ones took {ReportText.Time(usual)}."
            : null;
    }

    /// <summary>What a source was, the newest first, back to where a person has accepted that it lost something.</summary>
    private IEnumerable<SourceReport> Before(string entry)
    {
        foreach (var sample in _samples)
        {
            var beginsAnew = sample.BeginsAnew(entry);
            if (sample.Report.Sources.FirstOrDefault(source => source.EntryName == entry) is { } source && (beginsAnew || source.Problem is null))
                yield return source;
            if (beginsAnew)
                yield break;
        }
    }

    private static AnomalyGravity? Gravity(Loss loss, AnomalySettings settings) =>
        loss.IsAtLeast(settings.Freeze) ? (loss.IsAll ? AnomalyGravity.Empty : AnomalyGravity.Attention)
        : loss.IsAtLeast(settings.Warn) ? AnomalyGravity.Warning
        : null;

    private static decimal? Median(IEnumerable<long?> values)
    {
        var sorted = values.OfType<long>().Order().ToList();
        if (sorted.Count < FewestSamples)
            return null;
        var upper = sorted[sorted.Count / 2];
        return sorted.Count % 2 == 1 ? upper : ((decimal)sorted[(sorted.Count / 2) - 1] + upper) / 2;
    }

    private sealed record Sample(RunReport Report, bool IsAccepted)
    {
        /// <summary>A report that does not say which source it was about is about all of them.</summary>
        public bool BeginsAnew(string entry) =>
            IsAccepted && (Report.Attention.Count == 0 || Report.Attention.Any(sentence => Anomaly.IsOf(entry, sentence)));
    }

    /// <summary>How much less there is of something than usual.</summary>
    private sealed record Loss(long Now, decimal Usual, bool IsSize, string Unit)
    {
        public decimal Share => (Usual - Now) / Usual;

        public bool IsAll => Now == 0;

        public static Loss? Of(long? now, decimal? usual, long notable, bool isSize, string unit) =>
            now is { } some && usual is { } much && some < much && (much >= notable || (some == 0 && much >= 1)) ? new Loss(some, much, isSize, unit) : null;

        public bool IsAtLeast(int? percent) => percent is { } share && Share * 100 >= share;

        public override string ToString() =>
            $"{Amount(Now)}, where the last good backups had {Amount(decimal.ToInt64(Usual))} ({decimal.Floor(Share * 100):0} % less).";

        private string Amount(long amount) => IsSize ? ReportText.Size(amount) : $"{amount} {Unit}";
    }
}
