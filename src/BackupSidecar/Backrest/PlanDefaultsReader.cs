using BackupSidecar.Backrest.Plans;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;

namespace BackupSidecar.Backrest;

/// <summary>Checks what holds for all plans by Backrest's rules, before anything is touched.</summary>
internal static class PlanDefaultsReader
{
    /// <exception cref="ConfigurationException">A default is one that Backrest would not start with.</exception>
    public static PlanDefaults Read(BackrestSettings settings)
    {
        var faults = new List<ConfigurationFault>();
        if (BackrestCron.StrictFault(PlanId.WithMinute(settings.DefaultSchedule, "")) is { } cron)
            faults.Add(new ConfigurationFault(BackrestOptions.DefaultSchedule.Name, cron, BackrestOptions.DefaultSchedule.Default));
        PlanRetention? retention = null;
        if (settings.DefaultRetention.Length > 0 && !PlanRetention.TryParse(settings.DefaultRetention, out retention, out var problem))
            faults.Add(new ConfigurationFault(BackrestOptions.DefaultRetention.Name, problem ?? "", PlanRetention.Example));
        if (settings.Prune && PlanId.Beginning(settings.PlanIdPrefix).Length == 0)
            faults.Add(new ConfigurationFault(BackrestOptions.Prune.Name, $"without a {BackrestOptions.PlanIdPrefix.Name}, nobody can tell which plans may be removed."));
        if (faults.Count > 0)
            throw new ConfigurationException(faults);
        return new PlanDefaults
        {
            IdPrefix = settings.PlanIdPrefix,
            IncludeProjectName = settings.IncludeProjectName,
            Schedule = settings.DefaultSchedule,
            Retention = retention,
            Paths = new HostPathOptions
            {
                DockerRoot = settings.DockerRoot,
                VolumePrefix = settings.VolumePrefix,
                ExcludeBindMounts = settings.ExcludeBindMounts,
            },
        };
    }
}
