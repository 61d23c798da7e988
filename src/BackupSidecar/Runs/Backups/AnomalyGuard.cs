using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// Compares a backup with those before it, as it is made. What is empty now and never was fails its source; a backup that has lost
/// nearly all of something is marked before anything is pruned for its sake.
/// </summary>
internal sealed class AnomalyGuard
{
    private readonly AnomalySettings _settings;
    private readonly UsualBackup _usual;
    private readonly MarkFile _marks;
    private readonly RunRecord _record;
    private readonly TimeProvider _time;

    /// <summary>A history or marks that cannot be read are no reason not to back up, but one to tell: nobody would notice a loss.</summary>
    public AnomalyGuard(AnomalySettings settings, History history, MarkFile marks, RunRecord record, TimeProvider time)
    {
        (_settings, _marks, _record, _time) = (settings, marks, record, time);
        try
        {
            _usual = UsualBackup.Of(history.ReadNewestFirst(), marks.Read());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            record.AddProblem($"This backup is not compared with those before it: {failure.Message}");
            _usual = UsualBackup.Of([], BackupMarks.None);
        }
    }

    /// <summary>Notes what is unusual, and returns the sources as the manifest is to have them: those that have become empty are not complete.</summary>
    public IReadOnlyList<ManifestSource> Judge(IReadOnlyList<ManifestSource> taken)
    {
        var emptyBecause = new Dictionary<string, string>();
        foreach (var anomaly in _usual.Compare([.. taken.Select(RunRecord.ToReport)], _settings))
        {
            if (anomaly.Gravity == AnomalyGravity.Warning)
                _record.AddWarning(anomaly.Sentence);
            else
                _record.AddAttention(anomaly.Sentence);
            if (anomaly.Gravity == AnomalyGravity.Attention)
                _record.AddProblem(anomaly.Sentence);
            if (anomaly is { Gravity: AnomalyGravity.Empty, Entry: { } entry })
                emptyBecause.Add(entry, anomaly.Text);
        }
        return [.. taken.Select(source => emptyBecause.TryGetValue(source.Entry, out var problem)
            ? source with { State = SourceState.Incomplete, Problem = problem }
            : source)];
    }

    /// <summary>
    /// When the backup is stored: tells if that took long, and marks it if it needs attention. False if it could not be marked;
    /// then nothing may be pruned.
    /// </summary>
    public bool TryMark()
    {
        if (_usual.CompareTime(_time.GetUtcNow() - _record.StartedAt) is { } slow)
            _record.AddWarning(slow);
        if (_record is not { Attention: [_, ..] attention, Archive: { } archive })
            return true;
        try
        {
            _marks.Update(marks => marks.With(new BackupMark(archive, Store: null, _time.GetUtcNow(), string.Join(' ', attention))));
            _record.AddProblem($"Nothing is pruned until somebody has looked at {archive}. If it is as it should be: backup-sidecar accept {archive}");
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _record.AddProblem($"That this backup needs attention could not be written down, so nothing is pruned: {failure.Message}");
            return false;
        }
    }
}
