using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Swapping;

/// <summary>Gives one directory the owner, mode, extended attributes (ACLs are among them) and time of another.</summary>
internal static class DirectoryAttributes
{
    /// <summary>The owner is set only by who may give files away, as tar does it; a directory that is not ours keeps what it has.</summary>
    public static void Copy(RawPath from, RawPath to)
    {
        try
        {
            CopyAll(from, to);
        }
        catch (PosixException error) when (error.Error == Posix.NotPermitted && !Capabilities.Ours.Has(Capability.FOwner))
        {
            // We may write into somebody else's directory, but its own attributes are not ours to set.
        }
    }

    private static void CopyAll(RawPath from, RawPath to)
    {
        var facts = Posix.Find(from) ?? throw new DirectoryNotFoundException($"{from} is not there any more.");
        if (Capabilities.Ours.MayGiveAway)
            Posix.SetOwner(to, facts.Owner, facts.Group);
        CopyExtended(from, to);
        Posix.SetMode(to, facts.Permissions);
        Posix.SetModifiedAt(to, facts.Seconds, facts.Nanoseconds);
    }

    private static void CopyExtended(RawPath from, RawPath to)
    {
        var wanted = Posix.ListAttributes(from);
        foreach (var name in Posix.ListAttributes(to).Except(wanted).Where(IsOurs))
            Posix.RemoveAttribute(to, name);
        foreach (var name in wanted.Where(IsOurs))
            Posix.SetAttribute(to, name, Posix.GetAttribute(from, name));
    }

    // Labels of a security module belong to the machine, and the trusted namespace to root.
    private static bool IsOurs(string name) =>
        name.StartsWith("user.", StringComparison.Ordinal)
        || name.StartsWith("system.posix_acl_", StringComparison.Ordinal)
        || (name.StartsWith("trusted.", StringComparison.Ordinal) && Environment.IsPrivilegedProcess);
}
