using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>verify --scheduled</c>: what BACKUP_VERIFY_SCHEDULE stands for. The newest backup is looked at closely and the bytes of the others are
/// read in turns; whoever is told of backups is told if anything is wrong.
/// </summary>
internal static class ScheduledVerification
{
    /// <summary>How far apart verifications are taken to be where none is scheduled.</summary>
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    public static async Task<int> ExecuteAsync(string? logFile, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly, logFile);
        var now = program.Time.GetUtcNow();
        var round = new VerificationRound(
            new PastVerifications(program.Verifications.ReadNewestFirst()), program.Marks.Read(), await LevelAsync(program, signals.Token),
            program.VerifySchedule?.LongestGap(now) ?? Week, program.Settings.Archive.HasManifestKey, now);
        program.Log.LogInformation("Verifying: the newest backup ({Level}), and the bytes of those that were not read for longest", ReportText.Word(round.Level));
        var report = await program.VerifyRun().RunRoundAsync(Guid.NewGuid(), round.MayDrill, catalog => Choose(round, catalog, program), copy => Tell(copy, program), signals.Token);
        report = VerifyCommand.Remember(program, report.Masked(program.Reading.Redactor));
        VerifyCommand.Tell(program, report);
        // A container that is stopped meanwhile is no news; what was not looked at is due again at its next start.
        if (report.Outcome != RunOutcome.Interrupted)
            await program.TellAsync(report, signals.Token);
        return ExitCode.Of(report.Outcome, signals);
    }

    /// <summary>Empty stores are no news before the first backup, and bad news after it.</summary>
    private static IReadOnlyList<CopyToVerify> Choose(VerificationRound round, Catalog catalog, Composition program)
    {
        var chosen = round.Choose(catalog);
        if (chosen.Count > 0 || !catalog.IsWhole)
            return chosen;
        if (program.History.LastGoodBackup(round.Now) is { } last)
            throw new RestoreException($"No store holds a backup that could be verified, although {last.Archive} was stored at {last.FinishedAt:u}.");
        program.Log.LogInformation("There is no backup yet that could be verified.");
        return chosen;
    }

    private static void Tell(CopyVerification copy, Composition program)
    {
        if (copy.Copy.Result == VerificationResult.Good)
            program.Log.LogInformation("Verified {Archive} in {Store}, {Level}: good", copy.Copy.Archive, copy.Copy.Store, ReportText.Word(copy.Copy.Level));
        foreach (var open in copy.LeftOpen)
            program.Log.LogInformation("{Archive} in {Store}: {Remark}", copy.Copy.Archive, copy.Copy.Store, open);
    }

    private static async Task<VerificationLevel> LevelAsync(Composition program, CancellationToken cancellation) => program.Settings.Verification.Level switch
    {
        ScheduledLevel.Stored => VerificationLevel.Stored,
        ScheduledLevel.Content => VerificationLevel.Content,
        ScheduledLevel.Restore => VerificationLevel.Restore,
        // Nobody here can open what is encrypted for others.
        _ when program.Settings.Archive is { RecipientsFile: not null, DecryptionKey: null } => VerificationLevel.Stored,
        _ => await program.EngineAnswersAsync(cancellation) ? VerificationLevel.Restore : VerificationLevel.Content,
    };
}
