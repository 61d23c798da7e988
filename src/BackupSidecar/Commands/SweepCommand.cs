using BackupSidecar.Configuration;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>sweep</c>: removes what killed runs and drills have left in stores, staging and Docker. A child of <c>run</c>, which keeps no client
/// of S3 and of Docker in memory that way.
/// </summary>
internal static class SweepCommand
{
    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        await program.Recovery().SweepAsync(program.Stores, signals.Token);
        await program.DrillSweep().TrySweepAsync(onlyIfKilled: false, signals.Token);
        return 0;
    }
}
