using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Processes;

namespace BackupSidecar.Reports;

/// <summary>
/// The marks of stored backups, in one small file of the state directory. Histories grow out of their files; what is bad stays
/// bad, so this is kept apart from them. Several programs may change it at the same time.
/// </summary>
internal sealed class MarkFile(string stateDirectory)
{
    private readonly string _path = Path.Combine(stateDirectory, "marks.json");

    /// <summary>Where the file is missing, what the histories know.</summary>
    /// <exception cref="IOException">It cannot be read; then nobody knows what is bad.</exception>
    public BackupMarks Read()
    {
        if (!File.Exists(_path))
            return BackupMarks.Of(Remembered());
        try
        {
            var marks = JsonSerializer.Deserialize(File.ReadAllBytes(_path), MarksJson.Default.IReadOnlyListBackupMark);
            return new BackupMarks([.. (marks ?? []).OfType<BackupMark>()]);
        }
        catch (JsonException error)
        {
            throw new IOException($"{_path} is not what this program wrote: {error.Message} Remove it: then it is made again from the histories, and what was accepted has to be accepted again.", error);
        }
    }

    /// <summary>Whether there never was such a file or somebody has removed it, what is bad must not count as good.</summary>
    private IEnumerable<RunReport> Remembered() => new[] { new History(stateDirectory), new History(stateDirectory, History.OfVerifications), new History(stateDirectory, History.OfLabels) }
        .SelectMany(history => history.ReadNewestFirst())
        .OrderBy(report => report.FinishedAt);

    /// <summary>Changes the marks, on the disk when this returns, and returns what they were before and are now.</summary>
    /// <exception cref="IOException">They cannot be read or written.</exception>
    public (BackupMarks Before, BackupMarks Now) Update(Func<BackupMarks, BackupMarks> change)
    {
        Directory.CreateDirectory(stateDirectory);
        using var alone = PosixFiles.OpenShared(Path.Combine(stateDirectory, "marks.lock"), mayCreate: true);
        PosixFiles.Lock(alone);
        var before = Read();
        var now = change(before);
        if (!File.Exists(_path) || !now.All.SequenceEqual(before.All))
            DurableFile.WriteAtomically(_path, JsonSerializer.SerializeToUtf8Bytes(now.All, MarksJson.Default.IReadOnlyListBackupMark));
        return (before, now);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IReadOnlyList<BackupMark>))]
internal sealed partial class MarksJson : JsonSerializerContext;
