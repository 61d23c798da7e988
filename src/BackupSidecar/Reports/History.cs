using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Processes;

namespace BackupSidecar.Reports;

/// <summary>
/// What happened in all runs: one line of JSON each, in the state directory. A report that was appended is on the disk. A line
/// that a power cut tore, or that another version wrote, is passed over. At 1 MiB the file becomes the old one, which is the only one kept.
/// Several programs may append at the same time.
/// </summary>
/// <param name="stateDirectory">Where it lies.</param>
/// <param name="name">Of its files. Verifications, which may come every minute, have files of their own: they must not push backups out.</param>
internal sealed class History(string stateDirectory, string name = "history")
{
    /// <summary>The name of the files that verifications have.</summary>
    public const string OfVerifications = "verifications";

    private const long LongestFile = 1024 * 1024;

    private readonly string _current = Path.Combine(stateDirectory, name + ".jsonl");
    private readonly string _old = Path.Combine(stateDirectory, name + ".old.jsonl");

    public void Append(RunReport report)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(report, HistoryJson.Default.RunReport), (byte)'\n'];
        Directory.CreateDirectory(stateDirectory);
        using var alone = PosixFiles.OpenShared(Path.Combine(stateDirectory, name + ".lock"), mayCreate: true);
        PosixFiles.Lock(alone);
        if (new FileInfo(_current) is { Exists: true } file && file.Length + line.Length > LongestFile)
            File.Move(_current, _old, overwrite: true);

        using var stream = new FileStream(_current, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        if (EndsInTornLine(stream))
            line = [(byte)'\n', .. line];
        stream.Seek(0, SeekOrigin.End);
        stream.Write(line);
        stream.Flush(flushToDisk: true);
    }

    public IEnumerable<RunReport> ReadNewestFirst() =>
        Lines(_current).Concat(Lines(_old)).Select(TryParse).OfType<RunReport>();

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
