using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>
/// Our own stores, staging and state as they can be seen inside of directories that are backed up: under another name, because
/// of a symbolic link, or because a folder and a part of it are mounted side by side. A backup of them would hold all earlier
/// ones, and a restore would take away all later ones.
/// </summary>
internal static class OwnFolders
{
    /// <summary>The plan with these left out too. A directory that is one of our folders is a fault.</summary>
    public static (BackupPlan Plan, IReadOnlyList<ConfigurationFault> Faults) LeaveOut(BackupPlan plan, Settings settings, MountTable mounts)
    {
        var own = BackupPlanner.OwnFolders(settings).SelectMany(folder => mounts.NamesOf(RealPath.Of(folder))).ToList();
        var faults = new List<ConfigurationFault>();
        var sources = plan.Sources.Select(source => source is DirectorySourcePlan directory ? LeaveOut(directory, own, settings, faults) : source).ToList();
        return (plan with { Sources = sources }, faults);
    }

    private static DirectorySourcePlan LeaveOut(
        DirectorySourcePlan directory, List<string> own, Settings settings, List<ConfigurationFault> faults)
    {
        var real = RealPath.Of(directory.Path);
        if (own.Contains(real) && !BackupPlanner.OwnFolders(settings).Contains(directory.Path))
        {
            faults.Add(new ConfigurationFault(
                SettingTable.Directories.Name, $"{directory.Path} is where backups themselves are written, under another name. Back up another directory."));
        }
        var inside = own.Where(folder => Containment.IsBelow(folder, real))
            .Select(folder => Path.Combine(directory.Path, Path.GetRelativePath(real, folder)));
        return directory with { Excluded = [.. directory.Excluded.Concat(inside).Distinct()] };
    }
}
