using Microsoft.Extensions.Logging;

namespace BackupSidecar.Backrest;

/// <summary>Tells what keeps a daemon from its work when it begins, when it changes, once a day while it lasts, and when it is over.</summary>
internal sealed class Troubles(ILogger log, TimeProvider time)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromDays(1);

    private string? _failure;
    private DateTimeOffset _toldAt;
    private bool _isWithheld;

    /// <summary>A look failed, for this reason.</summary>
    public void Tell(string failure)
    {
        var now = time.GetUtcNow();
        if (failure == _failure && now - _toldAt < Reminder)
            return;
        (_failure, _toldAt) = (failure, now);
        log.ReconcileFailed(failure);
    }

    /// <summary>A look succeeded.</summary>
    public void AreOver()
    {
        if (_failure is null)
            return;
        _failure = null;
        log.ReconcileRecovered();
    }

    /// <summary>A restart is withheld because of this file; null if none is.</summary>
    public void Withhold(string? path)
    {
        if (path is not null && !_isWithheld)
            log.RestartWithheld(path);
        _isWithheld = path is not null;
    }
}
