using System.Globalization;
using BackupSidecar.Processes;

namespace BackupSidecar.Archives.Contents;

/// <summary>What may come out of an archive at most. A manifest that we trust bounds both.</summary>
internal readonly record struct EntryLimits(long Bytes, long Entries)
{
    public static EntryLimits None { get; } = new(long.MaxValue, long.MaxValue);
}

/// <summary>What is to be judged of an entry: its name and link target (bytes as Latin-1 characters), its tar type and its length.</summary>
internal readonly record struct EntryFacts(string Name, char Type, string LinkTarget, long Bytes);

/// <summary>
/// Judges each entry of one source before it reaches the disk: it must stand below the expected root, must not go through a
/// symbolic link of the same archive, and must keep within the limits. It trusts neither the archive nor the tar program.
/// </summary>
internal sealed class EntryGuard(string root, EntryLimits limits, bool isTrusted)
{
    private const int LongestName = 255;

    private readonly LinkTree _links = new();
    private long _bytes;
    private long _entries;

    /// <summary>Null if the entry may be unpacked; otherwise why it is left out.</summary>
    /// <exception cref="BackupRefusedException">The entry is hostile, so nothing of the archive may be used.</exception>
    public string? Judge(EntryFacts entry)
    {
        Count(entry);
        CheckName(entry.Name, entry);
        switch (entry.Type)
        {
            case '0' or '7' or 'S' or '5':
                return null;
            case '1':
                CheckName(entry.LinkTarget, entry);
                // A second name of a symbolic link is one as well.
                if (_links.Crosses(entry.LinkTarget, orEndsIn: true))
                    _links.Add(entry.Name);
                return null;
            case '2':
                if (entry.LinkTarget.Length == 0 || entry.LinkTarget.Contains('\0'))
                    throw Refuse(entry, "is a symbolic link to nothing");
                _links.Add(entry.Name);
                return null;
            case '3' or '4':
                return "device nodes are not restored";
            case '6':
                return isTrusted ? null : "pipes are not restored from an archive that nobody vouches for";
            default:
                throw Refuse(entry, $"has the unknown type '{entry.Type}'");
        }
    }

    private void Count(EntryFacts entry)
    {
        _entries++;
        _bytes += entry.Bytes;
        if (entry.Bytes < 0 || _bytes < 0 || _bytes > limits.Bytes || _entries > limits.Entries)
        {
            throw Refuse(entry, string.Create(CultureInfo.InvariantCulture,
                $"is more than the manifest allows ({limits.Entries} entries, {limits.Bytes} bytes)"));
        }
    }

    private void CheckName(string name, EntryFacts entry)
    {
        if (name.Contains('\0'))
            throw Refuse(entry, "has a name that no file can have");
        var components = name.Split('/');
        if (components.Any(component => component is "" or "." or ".." || component.Length > LongestName))
            throw Refuse(entry, "leads out of its place");
        if (!string.Equals(components[0], root, StringComparison.Ordinal))
            throw Refuse(entry, $"does not belong to '{Show(root)}'");
        if (_links.Crosses(name, orEndsIn: false))
            throw Refuse(entry, "goes through a symbolic link");
        if (ReferenceEquals(name, entry.Name) && _links.Crosses(name, orEndsIn: true))
            throw Refuse(entry, "replaces a symbolic link");
    }

    private static BackupRefusedException Refuse(EntryFacts entry, string why) =>
        new($"The archive is not safe to unpack: its entry '{Show(entry.Name)}' {why}.");

    private static string Show(string name) =>
        RawName.FromLatin1(name.Length > 200 ? name[..200] : name).ToString();
}
