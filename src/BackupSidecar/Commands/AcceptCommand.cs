using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary><c>accept</c>: a person knows what is held against a backup, and pruning goes on. Without a name it shows what there is to accept.</summary>
internal static class AcceptCommand
{
    public static async Task<int> ExecuteAsync(string? backup, bool all)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        var name = program.Settings.Name;
        if (backup is null && !all)
        {
            await ShowAsync(program.Marks.Read(), name);
            return (int)RunOutcome.Succeeded;
        }
        List<BackupMark> known = [];
        var (before, _) = program.Marks.Update(marks =>
        {
            known = [.. marks.All.Where(mark => mark.IsOpen && (all || Is(mark, backup!, name)))];
            return marks.Accept(known, program.Time.GetUtcNow());
        });
        foreach (var mark in known)
            await Console.Out.WriteLineAsync($"Accepted: {What(mark)}. {Meaning(mark)}");
        if (known.Count > 0 || all)
            return (int)RunOutcome.Succeeded;
        await Console.Error.WriteLineAsync($"backup-sidecar: nothing is to be accepted of '{backup}'.");
        await ShowAsync(before, name);
        return (int)RunOutcome.NotStarted;
    }

    private static async Task ShowAsync(BackupMarks marks, string name)
    {
        var open = marks.All.Where(mark => mark.IsOpen).ToList();
        foreach (var mark in open)
            await Console.Out.WriteLineAsync($"{What(mark)}, since {mark.Since:u}: {mark.Problem.TrimEnd('.')}. If you know: backup-sidecar accept {Short(mark, name)}");
        if (open.Count == 0)
            await Console.Out.WriteLineAsync("There is nothing to accept.");
    }

    private static string What(BackupMark mark) =>
        mark.Store is null ? $"{mark.Archive} needs attention" : $"{mark.Archive} in the store '{mark.Store}' is bad";

    private static string Meaning(BackupMark mark) => mark.Store is null
        ? "Pruning goes on with the next run. The next backups are compared with this one and those that follow it."
        : "Pruning goes on in that store with the next run. The copy is not counted as good, and not verified on schedule any more.";

    private static bool Is(BackupMark mark, string backup, string name) => mark.Archive == backup || Short(mark, name) == backup;

    private static string Short(BackupMark mark, string name) =>
        ArchiveName.TryParse(mark.Archive, name, out var archive) ? archive.Timestamp : mark.Archive;
}
