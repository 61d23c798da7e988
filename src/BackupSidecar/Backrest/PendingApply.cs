using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;

namespace BackupSidecar.Backrest;

/// <summary>Since when Backrest does not know of a change, and how often it was tried to make it known.</summary>
internal sealed record Pending(DateTimeOffset Since, int Failures = 0, DateTimeOffset? NextTry = null);

/// <summary>
/// Remembers, in a file beside the configuration, that Backrest has yet to read it: noted before the change is made, gone when
/// Backrest runs with it. So a restart that failed, or that nobody lived to make, is made later.
/// </summary>
internal sealed class PendingApply(string path, TimeProvider time)
{
    private const int MostDoublings = 7;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);

    /// <summary>Null if Backrest knows everything. A note that cannot be read is one all the same.</summary>
    public Pending? Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), PendingJson.Default.Pending) ?? New() : null;
        }
        catch (JsonException)
        {
            return New();
        }
    }

    /// <summary>A change is about to be made. What was pending before stays pending since then, but is tried at once.</summary>
    public void Note()
    {
        Write(Read() is { } before ? before with { Failures = 0, NextTry = null } : New());
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
        DurableFile.Delete(path);
        MayFail.At(Failpoint.BackrestPendingDone, CancellationToken.None);
    }

    private Pending New() => new(time.GetUtcNow());

    private void Write(Pending pending)
    {
        try
        {
            DurableFile.WriteAtomically(path, JsonSerializer.SerializeToUtf8Bytes(pending, PendingJson.Default.Pending));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackrestException($"{path}, beside Backrest's configuration, could not be written. {error.Message} {ConfigFile.Advice(error)}".TrimEnd(), error);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Pending))]
internal sealed partial class PendingJson : JsonSerializerContext;
