using BackupSidecar.Runs;
using BackupSidecar.Services;

namespace BackupSidecar.Commands;

/// <summary>Services that stand still because of us although nothing runs: a run was killed, or could not start them again.</summary>
internal static class Standstill
{
    /// <summary>A sentence about them, with what to do; null if there are none.</summary>
    public static string? Describe(Composition program)
    {
        var state = program.Settings.Paths.State;
        var path = Path.Combine(state, StopJournal.FileName);
        if (!File.Exists(path) || RunLock.Holder(state) is not null || Read(path) is not { } journal)
            return null;
        var services = StopJournal.Parse(journal);
        var names = services is null ? "which ones cannot be read" : string.Join(", ", services.Select(service => service.ContainerName));
        return $"services that a run had stopped may not run again: {names}. A running sidecar starts them within seconds; the next run tries again too. If neither helps: docker start";
    }

    /// <summary>Null if it has just gone: a run that has started the last service removes it at any moment.</summary>
    private static byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
