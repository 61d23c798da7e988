using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Processes;

namespace BackupSidecar.Reports;

/// <summary>
/// What happened in all runs: one line of JSON each, in the state directory. A report that was appended is on the disk. A line
/// that a power cut tore, or that another version wrote, is passed over. At 1 MiB the file is merged into the old one, which keeps of each
/// backup's runs a fair share. Several programs may append at the same time.
/// </summary>
/// <param name="stateDirectory">Where it lies.</param>
/// <param name="name">Of its files. Verifications, which may come every minute, have files of their own: they must not push backups out.</param>
internal sealed class History(string stateDirectory, string name = "history")
{
    /// <summary>The name of the files that verifications have.</summary>
    public const string OfVerifications = "verifications";

    /// <summary>The name of the files that backups of labelled databases have: there may be hundreds every hour.</summary>
    public const string OfLabels = "labels";

    private const long LongestFile = 1024 * 1024;

    private readonly string _current = Path.Combine(stateDirectory, name + ".jsonl");
    private readonly string _old = Path.Combine(stateDirectory, name + ".old.jsonl");

    /// <summary>The only backup whose runs are read; null for all of them.</summary>
    public string? Only { get; init; }

    public void Append(RunReport report)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(report, HistoryJson.Default.RunReport), (byte)'\n'];
        Directory.CreateDirectory(stateDirectory);
        using var alone = PosixFiles.OpenShared(Path.Combine(stateDirectory, name + ".lock"), mayCreate: true);
        PosixFiles.Lock(alone);
        if (new FileInfo(_current) is { Exists: true } file && file.Length + line.Length > LongestFile)
            MakeRoom();

        using var stream = new FileStream(_current, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        if (EndsInTornLine(stream))
            line = [(byte)'\n', .. line];
        stream.Seek(0, SeekOrigin.End);
        stream.Write(line);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Another one whenever something was appended.</summary>
    public (long Length, DateTime Written) Version => new FileInfo(_current) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : default;

    public IEnumerable<RunReport> ReadNewestFirst() =>
        Lines(_current).Concat(Lines(_old)).Select(TryParse).OfType<RunReport>()
            .Where(report => Only is null || report.BackupName == Only);

    /// <summary>The newest backup that succeeded in full, of those that began by <paramref name="latest"/>: what a healthcheck asks for.</summary>
    public RunReport? LastGoodBackup(DateTimeOffset latest) =>
        ReadNewestFirst().FirstOrDefault(report => report is { Kind: RunKind.Backup, Outcome: RunOutcome.Succeeded } && report.StartedAt <= latest);

    /// <summary>When the newest run began that fits; null if there is none.</summary>
    public DateTimeOffset? LastStarted(Func<RunBeginning, bool> fits)
    {
        foreach (var path in new[] { _current, _old })
        {
            var left = File.Exists(path) ? File.ReadAllBytes(path).AsSpan() : [];
            while (left.Length > 0)
            {
                var start = left.LastIndexOf((byte)'\n') + 1;
                if (RunBeginning.TryRead(left[start..]) is { } run && fits(run))
                    return run.StartedAt;
                left = left[..Math.Max(0, start - 1)];
            }
        }
        return null;
    }

    /// <summary>Who is killed between the two steps leaves lines twice, until the next time.</summary>
    private void MakeRoom()
    {
        var newestFirst = Lines(_current).Concat(Lines(_old)).Distinct().Select(line => (Line: line, Run: TryParse(line))).Where(each => each.Run is not null);
        var kept = FairShare.Of([.. newestFirst.Select(each => (each.Line, each.Run!))], LongestFile); // Asked for.
        DurableFile.WriteAtomically(_old, Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n"))));
        DurableFile.Delete(_current);
    }

    private static IEnumerable<string> Lines(string path) => File.Exists(path) ? File.ReadAllLines(path).Reverse() : [];

    private static bool EndsInTornLine(FileStream stream)
    {
        if (stream.Length == 0)
            return false;
        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() != '\n';
    }

    private static RunReport? TryParse(string line)
    {
        try
        {
            var report = line.Length > 0 ? JsonSerializer.Deserialize(line, HistoryJson.Default.RunReport) : null;
            return report is null ? null : Complete(report);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Generated readers set members that are missing from the line to null, and let items of lists be null.</summary>
    private static RunReport Complete(RunReport report) => report with
    {
        Sources = Whole(report.Sources),
        Stores = Whole(report.Stores),
        Verified = Whole(report.Verified),
        MadeUp = Whole(report.MadeUp),
        Problems = Whole(report.Problems),
        Warnings = Whole(report.Warnings),
        Attention = Whole(report.Attention),
    };

    private static IReadOnlyList<T> Whole<T>(IReadOnlyList<T>? items)
        where T : class =>
        items is null ? [] : [.. items.OfType<T>()];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunReport))]
internal sealed partial class HistoryJson : JsonSerializerContext;
