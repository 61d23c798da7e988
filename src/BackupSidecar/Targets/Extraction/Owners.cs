using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Watches over owners while a source is unpacked: only root can give files away, and in a container only with the capabilities
/// for it. A restore in place ends here, with nothing touched, if root lacks what it could be given. Whoever is not root restores
/// without owners, and so does --to; then it is told.
/// </summary>
/// <param name="entry">The source, for people.</param>
/// <param name="mayBeLost">Whether root goes on without owners.</param>
/// <param name="rights">Who we are.</param>
internal sealed class Owners(string entry, bool mayBeLost, Capabilities rights)
{
    private const int SetIds = 0xc00;

    private long _lost;

    /// <summary>Whether files are given to whom they belonged.</summary>
    public bool AreKept => rights.MayGiveAway;

    /// <summary>Whether a program was to run in the name of its owner, and would now do so in ours.</summary>
    public bool HaveLostPrograms { get; private set; }

    /// <summary>What a person should know, or null.</summary>
    public string? Note => _lost == 0
        ? null
        : $"{_lost} in '{entry}' belonged to other users or groups. What could not be given back to them belongs to user {rights.User} now: {Reason}.";

    private string Reason => rights.IsRoot
        ? $"root of this container lacks {rights.LackedByRestores} (cap_add: [{rights.LackedByRestores}])"
        : $"only root can give files away, with the capabilities {rights.LackedByRestores}";

    /// <exception cref="RestoreException">Root cannot give it to its owner, and is to restore it in place.</exception>
    public void Add(EntryAttributes attributes)
    {
        var (user, group) = ((uint)attributes.OwnerId, (uint)attributes.GroupId);
        if (rights.MayGiveBack(user, group, attributes.Mode))
            return;
        if (rights.IsRoot && !mayBeLost)
        {
            throw new RestoreException(
                $"'{entry}' holds what belongs to user {user} and group {group}, and root of this container cannot give it back to them: it lacks "
                + $"{rights.LackedByRestores}. Run the restore with them (cap_add: [{rights.LackedByRestores}]). Nothing was touched; --to DIR unpacks without owners.");
        }
        _lost++;
        HaveLostPrograms |= (attributes.Mode & SetIds) != 0;
    }
}
