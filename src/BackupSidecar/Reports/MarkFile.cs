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

    /// <exception cref="IOException">It cannot be read; then nobody knows what is bad.</exception>
    public BackupMarks Read()
    {
        if (!File.Exists(_path))
            return BackupMarks.None;
        try
        {
            var marks = JsonSerializer.Deserialize(File.ReadAllBytes(_path), MarksJson.Default.IReadOnlyListBackupMark);
            return new BackupMarks([.. (marks ?? []).OfType<BackupMark>()]);
        }
        catch (JsonException error)
        {
            throw new IOException($"{_path} is not what this program wrote: {error.Message} Remove it; the next verifications find again what is bad.", error);
        }
    }

    /// <summary>Changes the marks, on the disk when this returns, and returns what they were before and are now.</summary>
    /// <exception cref="IOException">They cannot be read or written.</exception>
    public (BackupMarks Before, BackupMarks Now) Update(Func<BackupMarks, BackupMarks> change)
    {
        Directory.CreateDirectory(stateDirectory);
        using var alone = PosixFiles.OpenShared(Path.Combine(stateDirectory, "marks.lock"), mayCreate: true);
        PosixFiles.Lock(alone);
        var before = Read();
        var now = change(before);
        if (!now.All.SequenceEqual(before.All))
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
