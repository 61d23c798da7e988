namespace BackupSidecar.Archives.Contents;

/// <summary>
/// The names of the symbolic links of an archive, component by component, so that a name is compared with all of them in one
/// walk along it: a name in an archive may be a million characters long.
/// </summary>
internal sealed class LinkTree
{
    private readonly Dictionary<string, LinkTree> _below = new(StringComparer.Ordinal);
    private bool _isLink;

    public void Add(string name)
    {
        var place = this;
        foreach (var component in name.Split('/'))
        {
            if (!place._below.TryGetValue(component, out var next))
                place._below.Add(component, next = new LinkTree());
            place = next;
        }
        place._isLink = true;
    }

    /// <summary>Whether one of the directories that a name leads through is a link, or also its last component.</summary>
    public bool Crosses(string name, bool orEndsIn)
    {
        var place = this;
        var components = name.AsSpan().Split('/');
        while (components.MoveNext())
        {
            var (start, end) = (components.Current.Start.Value, components.Current.End.Value);
            if (!place._below.TryGetValue(name[start..end], out var next))
                return false;
            place = next;
            if (place._isLink && (orEndsIn || end < name.Length))
                return true;
        }
        return false;
    }
}
