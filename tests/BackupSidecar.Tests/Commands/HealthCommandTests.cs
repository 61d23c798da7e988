using System.Globalization;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Services;
using BackupSidecar.Tests.Reports;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Tests.Commands;

/// <summary>The daily schedule below is never due while a test runs: its time lies half a day away.</summary>
public sealed class HealthCommandTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly BuiltProgram _program = new();

    public HealthCommandTests() =>
        _program.Settings["BACKUP_SCHEDULE"] = string.Create(CultureInfo.InvariantCulture, $"0 {(Now.Hour + 12) % 24} * * *");

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task Without_a_schedule_nothing_is_overdue()
    {
        _program.Settings["BACKUP_SCHEDULE"] = null;

        await IsAsync(healthy: true, "no schedule is set");
    }

    [Fact(Timeout = TimeLimit)]
    public Task Before_anything_ran_nothing_is_overdue() => IsAsync(healthy: true, "No good backup is known here yet");

    [Fact(Timeout = TimeLimit)]
    public async Task A_fresh_backup_is_healthy()
    {
        Remember(RunOutcome.Succeeded, Now.AddHours(-1));

        await IsAsync(healthy: true, "The last good backup is");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_is_overdue_by_more_than_half_an_interval_is_unhealthy()
    {
        Remember(RunOutcome.Succeeded, Now.AddDays(-3));

        await IsAsync(healthy: false, "is missing");
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(nameof(RunOutcome.Partial))]
    [InlineData(nameof(RunOutcome.Failed))]
    [InlineData(nameof(RunOutcome.Interrupted))]
    public async Task A_run_that_did_not_succeed_does_not_count(string outcome)
    {
        Remember(RunOutcome.Succeeded, Now.AddDays(-3));
        Remember(Enum.Parse<RunOutcome>(outcome), Now.AddHours(-1));

        await IsAsync(healthy: false, "is missing");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_from_the_future_proves_nothing()
    {
        Remember(RunOutcome.Succeeded, Now.AddDays(-3));
        Remember(RunOutcome.Succeeded, Now.AddYears(1));

        await IsAsync(healthy: false, "is missing");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Where_there_never_was_a_backup_the_age_of_the_schedule_counts_and_a_restart_does_not_renew_it()
    {
        await RunBrieflyAsync();
        File.SetLastWriteTimeUtc(_program.Path("state", "schedule"), Now.AddDays(-3).UtcDateTime);

        await RunBrieflyAsync();

        await IsAsync(healthy: false, "No good backup is known here yet");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_new_schedule_has_time_until_its_first_run()
    {
        Remember(RunOutcome.Succeeded, Now.AddDays(-30));
        _program.Settings["BACKUP_CATCH_UP"] = "false";

        await RunBrieflyAsync();

        await IsAsync(healthy: true, "The last good backup is");
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Services_that_stand_still_although_nothing_runs_are_unhealthy(bool hasSchedule)
    {
        if (!hasSchedule)
            _program.Settings["BACKUP_SCHEDULE"] = null;
        Remember(RunOutcome.Succeeded, Now.AddHours(-1));
        new StopJournal(_program.Path("state"), TimeProvider.System, NullLogger.Instance).Add(
            [new StoppedService { Name = "app", ContainerId = "c0ffee", ContainerName = "shop-app-1", StoppedAt = Now }]);

        await IsAsync(healthy: false, "may not run again: shop-app-1");
        using (await RunLock.TakeAsync(_program.Path("state"), "a run that has stopped them just now", TestContext.Current.CancellationToken))
            await IsAsync(healthy: true, "");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task It_tells_which_backup_was_verified_last_and_how_closely()
    {
        Remember(RunOutcome.Succeeded, Now.AddHours(-1));

        await IsAsync(healthy: true, "Verified: no backup yet. The next verification is due at");
        Verified("stack-2026-11-19-030000.tar.gz.gpg", VerificationLevel.Content, VerificationResult.Good);
        Verified("stack-2026-11-20-030000.tar.gz.gpg", VerificationLevel.Content, VerificationResult.Refused);
        await IsAsync(healthy: true, "Verified: stack-2026-11-19-030000.tar.gz.gpg, content, at ");
        _program.Settings["BACKUP_VERIFY_SCHEDULE"] = "off";
        await IsAsync(healthy: true, "No verification is scheduled.");
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(1, 9, true)]
    [InlineData(9, 1, true)]
    [InlineData(9, 9, false)]
    public async Task A_backup_that_waits_for_its_verification_since_two_were_due_is_unhealthy(int backupDaysAgo, int scheduleDaysAgo, bool healthy)
    {
        (_program.Settings["BACKUP_VERIFY_SCHEDULE"], _program.Settings["BACKUP_SCHEDULE"]) = (_program.Settings["BACKUP_SCHEDULE"], null);
        Remember(RunOutcome.Succeeded, Now.AddDays(-backupDaysAgo));
        Remember(RunOutcome.Succeeded, Now.AddHours(-1));
        File.WriteAllText(_program.Path("state", "verify-schedule"), "");
        File.SetLastWriteTimeUtc(_program.Path("state", "verify-schedule"), Now.AddDays(-scheduleDaysAgo).UtcDateTime);

        await IsAsync(healthy, healthy ? "The next verification is due at" : "No newer backup was found good by a verification since");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_was_verified_does_not_wait()
    {
        (_program.Settings["BACKUP_VERIFY_SCHEDULE"], _program.Settings["BACKUP_SCHEDULE"]) = (_program.Settings["BACKUP_SCHEDULE"], null);
        Remember(RunOutcome.Succeeded, Now.AddDays(-30));
        File.WriteAllText(_program.Path("state", "verify-schedule"), "");
        File.SetLastWriteTimeUtc(_program.Path("state", "verify-schedule"), Now.AddDays(-40).UtcDateTime);

        await IsAsync(healthy: false, "were due");
        Verified(ArchiveOf(Now.AddDays(-30)), VerificationLevel.Stored, VerificationResult.Refused);
        await IsAsync(healthy: false, "were due");
        Verified(ArchiveOf(Now.AddDays(-30)), VerificationLevel.Stored, VerificationResult.Good);
        await IsAsync(healthy: true, "The next verification is due at");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task It_names_no_backup_that_is_gone_that_needs_attention_or_that_was_verified_in_the_future_and_tells_of_refused_ones()
    {
        const string Kept = "stack-2026-11-17-030000.tar.gz.gpg";
        const string Attended = "stack-2026-11-18-030000.tar.gz.gpg";
        Remember(RunOutcome.Succeeded, Now.AddHours(-1));
        Verified(Kept, VerificationLevel.Restore, VerificationResult.Good);
        Verified(Attended, VerificationLevel.Stored, VerificationResult.Good);
        Verified("stack-2026-11-19-030000.tar.gz.gpg", VerificationLevel.Stored, VerificationResult.Good, Now.AddMinutes(-1));
        Store("stack-2026-11-20-030000.tar.gz.gpg");
        Verified("stack-2026-11-20-030000.tar.gz.gpg", VerificationLevel.Stored, VerificationResult.Good, Now.AddYears(5));
        new MarkFile(_program.Path("state")).Update(marks => marks
            .With(new BackupMark(Attended, Store: null, Now, "it shrank"))
            .With(new BackupMark("stack-2026-11-21-030000.tar.gz.gpg", "local", Now, "it is cut short") { RefusedAt = VerificationLevel.Stored }));

        await IsAsync(healthy: true, $"Verified: {Kept}, restore, at ");
        await IsAsync(healthy: true, "stack-2026-11-21-030000.tar.gz.gpg in the store 'local' is REFUSED. Look at: backup-sidecar list");
    }

    private void Store(string archive)
    {
        Directory.CreateDirectory(_program.Path("store", "stack"));
        File.WriteAllText(_program.Path("store", "stack", archive), "");
    }

    private void Verified(string archive, VerificationLevel level, VerificationResult result, DateTimeOffset at) =>
        new History(_program.Path("state"), History.OfVerifications).Append(Sample.Succeeded with
        {
            Kind = RunKind.Verify,
            Archive = null,
            FinishedAt = at,
            Verified = [new VerifiedCopy(archive, "local", level, result, Problem: null)],
        });

    private void Verified(string archive, VerificationLevel level, VerificationResult result)
    {
        Store(archive);
        Verified(archive, level, result, Now.AddMinutes(-1));
    }

    private static string ArchiveOf(DateTimeOffset startedAt) => $"stack-{startedAt:yyyy-MM-dd-HHmmss}.tar.gz.gpg";

    private void Remember(RunOutcome outcome, DateTimeOffset startedAt)
    {
        Directory.CreateDirectory(_program.Path("state"));
        new History(_program.Path("state")).Append(Sample.Succeeded with
        {
            Outcome = outcome,
            Archive = ArchiveOf(startedAt),
            StartedAt = startedAt,
            FinishedAt = startedAt.AddMinutes(1),
        });
    }

    /// <summary>The daemon, until it waits for its schedule.</summary>
    private async Task RunBrieflyAsync()
    {
        using var daemon = _program.Start("run");
        while (await daemon.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
            && !line.Contains("next runs", StringComparison.Ordinal))
        {
            // What it says before that does not matter here.
        }
        daemon.Kill();
        await daemon.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private async Task IsAsync(bool healthy, string words)
    {
        var ended = await _program.RunAsync("healthcheck");

        Assert.Equal(healthy ? 0 : 1, ended.ExitCode);
        Assert.StartsWith(healthy ? "Healthy" : "Unhealthy", ended.Output, StringComparison.Ordinal);
        Assert.Contains(words, ended.Output, StringComparison.Ordinal);
    }
}
