using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>What is remembered of a job while the program is down.</summary>
/// <param name="Schedule">As it was when the job was last seen.</param>
/// <param name="Since">Since when that has been its schedule: nothing of it was due before.</param>
/// <param name="Began">When its last run began; null if there was none.</param>
/// <param name="Seen">The day on which the program last began to follow it.</param>
internal sealed record JobRecord(string Schedule, DateTimeOffset Since, DateTimeOffset? Began, DateTimeOffset Seen)
{
    /// <summary>The time zone that it held in; null in records from before it was written down.</summary>
    public string? Zone { get; init; }
}

/// <summary>
/// Remembers of every job since when its schedule holds and when it was last run, so that what was missed while the program was
/// down can be made up for. One file in the state directory; what cannot be read of it is begun anew.
/// </summary>
internal sealed class JobLedger
{
    /// <summary>Who has been away for so long is new when it comes back.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, JobRecord> _records;
    private readonly HashSet<string> _noted = [];
    private readonly string _path;
    private readonly ILogger _log;

    public JobLedger(string stateDirectory, ILogger log)
    {
        _path = Path.Combine(stateDirectory, "label-jobs.json");
        _log = log;
        _records = Read(_path);
    }

    public JobRecord? Find(string identity)
    {
        lock (_gate)
            return _records.GetValueOrDefault(identity);
    }

    /// <summary>Since when a job has this schedule; null where it is not followed yet.</summary>
    public DateTimeOffset? Since(string identity, CronSchedule schedule) =>
        Find(identity) is { } record && record.Schedule == schedule.ToString() ? record.Since : null;

    /// <summary>Notes the schedule that holds from now on. Returns since when nothing of it was missed: its last run, or its beginning.</summary>
    public DateTimeOffset Note(string identity, string schedule, string zone, DateTimeOffset now)
    {
        lock (_gate)
        {
            var known = _records.GetValueOrDefault(identity);
            _noted.Add(identity);
            var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
            var record = known?.Schedule == schedule && (known.Zone ?? zone) == zone
                ? known with { Seen = today, Zone = zone }
                : new JobRecord(schedule, now, known?.Began, today) { Zone = zone };
            if (record != known)
                Write(identity, record);
            return record.Began > record.Since ? record.Began.Value : record.Since;
        }
    }

    /// <summary>A run of the job begins.</summary>
    public void Begin(string identity, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_records.TryGetValue(identity, out var record))
                Write(identity, record with { Began = now });
        }
    }

    /// <summary>A disk that is full is no reason not to make a backup.</summary>
    private void Write(string identity, JobRecord record)
    {
        _records[identity] = record;
        foreach (var gone in _records.Where(each => !_noted.Contains(each.Key) && record.Seen - each.Value.Seen > Memory).Select(each => each.Key).ToList())
            _records.Remove(gone);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!); // It is a file in a directory.
            DurableFile.WriteAtomically(_path, JsonSerializer.SerializeToUtf8Bytes(_records, LedgerJson.Default.DictionaryStringJobRecord));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("{Path} cannot be written, and what is missed while this program is down may not be made up for: {Problem}", _path, failure.Message);
        }
    }

    private static Dictionary<string, JobRecord> Read(string path)
    {
        try
        {
            var records = File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), LedgerJson.Default.DictionaryStringJobRecord) : null;
            return records?.Where(record => record.Value?.Schedule is not null).ToDictionary() ?? [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, JobRecord>))]
internal sealed partial class LedgerJson : JsonSerializerContext;
