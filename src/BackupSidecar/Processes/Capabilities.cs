using System.Globalization;

namespace BackupSidecar.Processes;

/// <summary>Those of root's rights that this program may need, by their numbers in the kernel.</summary>
internal enum Capability
{
    /// <summary>CHOWN: to give files away.</summary>
    Chown = 0,

    /// <summary>DAC_OVERRIDE: to read and write what belongs to others.</summary>
    DacOverride = 1,

    /// <summary>DAC_READ_SEARCH: to read what belongs to others.</summary>
    DacReadSearch = 2,

    /// <summary>FOWNER: to set modes and times of what belongs to others.</summary>
    FOwner = 3,

    /// <summary>FSETID: to set the set-group-id bit for a group that is not ours; without it the kernel drops the bit and says nothing.</summary>
    FSetId = 4,
}

/// <summary>
/// Who we are to the kernel. A container's root has only the rights that it was given (cap_drop, cap_add), and whoever is not
/// root has none of them. What is missing where something was refused is said here, in Compose's words.
/// </summary>
/// <param name="User">The user whose rights we have.</param>
/// <param name="Group">The group that what we make belongs to.</param>
/// <param name="Effective">The capabilities, a bit each.</param>
internal sealed record Capabilities(uint User, uint Group, ulong Effective)
{
    private static readonly Capability[] ForOwners = [Capability.Chown, Capability.FOwner, Capability.DacOverride];
    private static readonly Capability[] ForRestores = [.. ForOwners, Capability.FSetId];

    public static Capabilities Ours { get; } = Parse(File.ReadAllText("/proc/self/status"));

    public bool IsRoot => User == 0;

    /// <summary>What to do where reading was refused, as a sentence.</summary>
    public string ToRead => (IsRoot, Has(Capability.DacReadSearch) || Has(Capability.DacOverride)) switch
    {
        (true, false) => "Root of this container may not read what belongs to other users: it lacks the capability DAC_READ_SEARCH (cap_add: [DAC_READ_SEARCH]).",
        (true, true) => "Not even root may read it, so its file system says no: look at how it is mounted.",
        (false, _) => $"User {User} may not read it: run this as the user that it belongs to (user:), or as root with the capability DAC_READ_SEARCH (cap_add: [DAC_READ_SEARCH]).",
    };

    /// <summary>What to do where writing into a folder was refused, as a sentence.</summary>
    public string ToWrite => (IsRoot, Has(Capability.DacOverride)) switch
    {
        (true, false) => "Root of this container may not write where other users own the folder: it lacks the capability DAC_OVERRIDE (cap_add: [DAC_OVERRIDE]); or let the folder belong to root.",
        (true, true) => "Not even root may write there, so its file system says no: look at how it is mounted.",
        (false, _) => $"Let the folder belong to user {User}, or run this as the user that it belongs to (user:).",
    };

    /// <summary>What to do if it is rights that a write failed for, as a sentence behind a blank; else nothing.</summary>
    public string AdviceFor(Exception failedWrite) => IsDenial(failedWrite) ? " " + ToWrite : "";

    /// <summary>The same where a restore was to write: it needs more than to write there, and is told of all at once.</summary>
    public string AdviceForRestore(Exception failedWrite) => IsDenial(failedWrite) && IsRoot && LackedByRestores is { Length: > 0 } lacked
        ? $" Root of this container lacks {lacked}, which it needs to restore what belongs to other users (cap_add: [{lacked}])."
        : AdviceFor(failedWrite);

    /// <summary>Reads the kernel's description of a process.</summary>
    public static Capabilities Parse(string status)
    {
        var lines = status.Split('\n').Select(line => line.Split('\t')).ToLookup(fields => fields[0], fields => fields[1..]);
        // Real, effective, saved, of the file system.
        return new Capabilities(Number(lines["Uid:"].First()[1]), Number(lines["Gid:"].First()[1]), ulong.Parse(lines["CapEff:"].First()[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

        static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
    }

    public bool Has(Capability capability) => ((Effective >> (int)capability) & 1) != 0;

    /// <summary>Whether files can be given to whom they belong.</summary>
    public bool MayGiveAway => ForOwners.All(Has);

    /// <summary>What we lack of all that a restore can need, as a list of names; empty if nothing.</summary>
    public string LackedByRestores => string.Join(", ", ForRestores.Where(capability => !Has(capability)).Select(Name));

    /// <summary>Whether something that belonged to them, with that mode, can be made as it was.</summary>
    public bool MayGiveBack(uint user, uint group, int mode)
    {
        const int SetGroupId = 0x400;
        if (user == User && group == Group)
            return true;
        return MayGiveAway && (Has(Capability.FSetId) || (mode & SetGroupId) == 0 || group == Group);
    }

    private static bool IsDenial(Exception failure) =>
        failure is UnauthorizedAccessException or IOException { HResult: PosixErrors.AccessDenied or PosixErrors.NotPermitted };

    /// <summary>As Compose and Docker call it.</summary>
    private static string Name(Capability capability) => capability switch
    {
        Capability.Chown => "CHOWN",
        Capability.DacOverride => "DAC_OVERRIDE",
        Capability.DacReadSearch => "DAC_READ_SEARCH",
        Capability.FOwner => "FOWNER",
        _ => "FSETID",
    };
}
