using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>The program's exit code: an outcome's number, or the signal's if one ended the run.</summary>
internal static class ExitCode
{
    public static int Of(RunOutcome outcome, Signals signals) =>
        outcome == RunOutcome.Interrupted && signals.ExitCode != 0 ? signals.ExitCode : (int)outcome;
}
