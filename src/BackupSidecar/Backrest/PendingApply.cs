using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;

namespace BackupSidecar.Backrest;

/// <summary>Since when Backrest does not know of the latest change, and how often it was tried to make it known.</summary>
internal sealed record Pending(DateTimeOffset Since, int Failures = 0, DateTimeOffset? NextTry = null);

/// <summary>
/// Remembers, in a file beside the configuration, that Backrest has yet to read it: noted before the change is made, gone when
/// Backrest runs with it. So a restart that failed, or that nobody lived to make, is made later.
/// </summary>
internal sealed class PendingApply(ConfigFile config, TimeProvider time)
{
    private const string Suffix = "backup-sidecar-pending";

    private const int MostDoublings = 7;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);

    private readonly string _path = config.Beside(Suffix);

    /// <summary>Null if Backrest knows everything. A note that cannot be read is one all the same.</summary>
    public Pending? Read()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize(File.ReadAllBytes(_path), PendingJson.Default.Pending) ?? New() : null;
        }
        catch (JsonException)
        {
            return New();
        }
    }

    /// <summary>Whether a Backrest that began to run at that time has read what is pending: the change was noted, and then written, before.</summary>
    public bool IsKnownTo(Pending noted, DateTimeOffset? started) =>
        started > noted.Since && started > config.ChangedBy;

    /// <summary>A change is about to be made; it is tried at once, whatever became of earlier ones.</summary>
    public void Note()
    {
        Write(New());
        MayFail.At(Failpoint.BackrestPendingNoted, CancellationToken.None);
    }

    /// <summary>It did not work: the next try is later each time. Returns when.</summary>
    public DateTimeOffset Postpone()
    {
        var before = Read() ?? New();
        var next = time.GetUtcNow() + (FirstPause * Math.Pow(2, Math.Min(before.Failures, MostDoublings)));
        Write(before with { Failures = before.Failures + 1, NextTry = next });
        return next;
    }

    /// <summary>Backrest knows.</summary>
    public void Done()
    {
        MayFail.At(Failpoint.BackrestRestarted, CancellationToken.None);
        DurableFile.Delete(_path);
        MayFail.At(Failpoint.BackrestPendingDone, CancellationToken.None);
    }

    private Pending New() => new(time.GetUtcNow());

    private void Write(Pending pending)
    {
        try
        {
            DurableFile.WriteAtomically(_path, JsonSerializer.SerializeToUtf8Bytes(pending, PendingJson.Default.Pending));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackrestException($"{_path}, beside Backrest's configuration, could not be written. {error.Message} {ConfigFile.Advice(error)}".TrimEnd(), error);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Pending))]
internal sealed partial class PendingJson : JsonSerializerContext;
