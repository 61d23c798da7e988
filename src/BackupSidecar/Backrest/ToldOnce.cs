namespace BackupSidecar.Backrest;

/// <summary>Tells a thing when it begins, and not again at each look while it lasts.</summary>
internal sealed class ToldOnce
{
    private HashSet<string> _before = [];
    private HashSet<string> _now = [];
    private int _looks;

    /// <summary>Whether this is the first look.</summary>
    public bool IsFirst => _looks == 1;

    /// <summary>A new look at everything.</summary>
    public void Begin()
    {
        (_before, _now) = (_now, []);
        _looks++;
    }

    public void Tell(string what, Action tell)
    {
        if (_now.Add(what) && !_before.Contains(what))
            tell();
    }
}
