namespace BackupSidecar.Backrest;

/// <summary>Tells a thing when it begins, and not again at each look while it lasts.</summary>
internal sealed class ToldOnce
{
    private HashSet<string> _before = [];
    private HashSet<string> _now = [];
    private bool _isComplete;

    /// <summary>Whether no look has come to its end yet.</summary>
    public bool IsFirst { get; private set; } = true;

    /// <summary>A new look at everything. One that failed has not seen everything, so what it did not tell may last all the same.</summary>
    public void Begin()
    {
        (_before, _now) = (_isComplete ? _now : [.. _before, .. _now], []);
        _isComplete = false;
    }

    /// <summary>Everything that there is to tell has been told.</summary>
    public void End() => (_isComplete, IsFirst) = (true, false);

    public void Tell(string what, Action tell)
    {
        if (_now.Add(what) && !_before.Contains(what))
            tell();
    }
}
