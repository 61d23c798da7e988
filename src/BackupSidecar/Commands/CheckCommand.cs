using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Reference;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary><c>check</c>: what holds, and whether it works, without a backup.</summary>
internal static class CheckCommand
{
    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var program = Composition.Load(SettingsScope.Everything);
        var output = Console.Out;
        await output.WriteLineAsync("Settings:");
        foreach (var line in SettingListing.Of(program.Reading))
            await output.WriteLineAsync($"  {line.Name} = {line.Value}  ({line.Origin})");

        var (plan, preflight) = await program.LookAsync(signals.Token);
        await output.WriteLineAsync("Sources:");
        foreach (var source in plan.Sources)
            await WriteAsync($"{source.EntryName} ({source.Origin})", preflight.UnreadableBecause.GetValueOrDefault(source));
        if (!program.MakesArchives)
            await output.WriteLineAsync("  none by settings: labels say what is backed up");
        await output.WriteLineAsync("Stores:");
        foreach (var store in program.StoresInUse)
            await WriteAsync($"{store.Name} ({store.Location})", preflight.UnwritableBecause.FirstOrDefault(each => each.Key.Name == store.Name).Value);
        await output.WriteLineAsync("Archive:");
        await WriteAsync(program.Settings.Archive.IsEncrypted ? $"{program.Plan.ArchiveExtension}, encrypted" : $"{program.Plan.ArchiveExtension}, NOT encrypted", preflight.ArchiveProblem);
        if (ArchiveWriter.Shortfall(program.Settings.Archive) is { } shortfall)
            await output.WriteLineAsync($"  note  {shortfall}");
        if (KeyIds(program) is { } ids)
            await output.WriteLineAsync($"  note  {ids}");
        await output.WriteLineAsync("Services to stop:");
        await WriteAsync(program.Settings.Services.Stop.Count == 0 ? "none" : string.Join(", ", program.Settings.Services.Stop), preflight.ServicesProblem);
        var standstill = Standstill.Describe(program);
        if (standstill is not null)
            await WriteAsync("all of them run", standstill);
        program.Hooks(Guid.Empty).WarnOfSkippedScripts();
        await output.WriteLineAsync("Schedule:");
        await output.WriteLineAsync($"  {program.Schedule?.Describe(program.Time.GetUtcNow()) ?? (program.Settings.Labels is null ? "none: backups are made by hand" : "none: archives are made by hand; databases with labels have their own")}");
        await output.WriteLineAsync("Verification:");
        await output.WriteLineAsync($"  {program.VerifySchedule?.Describe(program.Time.GetUtcNow()) ?? "none scheduled: only by hand"}");
        await output.WriteLineAsync($"  {VerifiedAge.Of(program, program.Time.GetUtcNow()).Text}");
        var labelled = await LabelledAsync();
        return preflight.IsClean && standstill is null && labelled is not { IsWell: false } ? (int)RunOutcome.Succeeded : (int)RunOutcome.NotStarted;

        async Task<LabelledStanding?> LabelledAsync()
        {
            if (program.Settings.Labels is not { } labels)
                return null;
            await output.WriteLineAsync("Databases with labels:");
            var past = PastBackups.Of(program.LabelHistory, program.Time.GetUtcNow() + HealthCommand.ClockTolerance);
            var found = await new LabelledLook(program, labels).LookAsync(past, signals.Token);
            if (found.Problem is not null || found.All.Count == 0)
                await WriteLineAsync(found.Problem is null, found.Sentences.First());
            foreach (var each in found.All)
                await WriteLineAsync(each.IsWell, each.Text);
            return found;
        }

        Task WriteAsync(string what, string? problem) => WriteLineAsync(problem is null, problem is null ? what : $"{what}: {problem}");

        Task WriteLineAsync(bool isWell, string text) => output.WriteLineAsync(program.Reading.Redactor.Redact($"  {(isWell ? "ok  " : "FAIL")}  {text}"));
    }

    /// <summary>What a person can write down beside each key, to find it again by what a refused backup names.</summary>
    private static string? KeyIds(Composition program)
    {
        var keys = new ManifestKeys(program.Settings.Archive, program.Settings.Name);
        return keys.IsEmpty ? null
            : $"key ids in manifests: {string.Join(", ", keys.All.Select(key => key.Name.Id + (key == keys.Current ? " (new backups)" : " (earlier ones)")))}";
    }
}
