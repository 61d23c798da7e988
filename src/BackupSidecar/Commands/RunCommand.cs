using BackupSidecar.Configuration;
using BackupSidecar.Http;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>run</c>: what the container does. Puts right what a killed run left, then runs on schedule, each run as a child of its
/// own; without a schedule it stays up, so that backups can be made with exec. Should one of those be killed, it puts that right.
/// Beside that it brings messages that wait, answers over HTTP, and follows changes of the settings.
/// </summary>
internal static class RunCommand
{
    /// <summary>How often it looks whether a run that somebody began with exec was killed: services stand still for so long then.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(10);

    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var settings = await LoadAsync(signals.Token);
        var program = settings.Program;
        using var onlyOne = await RunLock.TakeAsync(
            program.Settings.Paths.State, $"the schedule, followed by process {Environment.ProcessId} on {Environment.MachineName}",
            signals.Token, RunLock.OfTheSchedule);
        using var http = Listen(settings);
        program.Log.LogInformation("{Program} watches over {Name}", ProgramVersion.Text, program.Settings.Name);
        var answering = http?.RunAsync(signals.Token) ?? Task.CompletedTask;
        await RecoverAsync(program, signals.Token);
        await RunChildAsync(settings, ["sweep"], signals.Token);
        ScheduleInForce.Note(program);
        Task[] aside = [answering, WatchAsync(settings, signals.Token), DeliverAsync(settings, signals.Token), settings.FollowAsync(signals)];
        var log = LogArguments(program);
        Task[] schedules =
        [
            FollowAsync(settings, (now, token) => BackUpAsync(settings, now, log, token, signals.Token), signals.Token),
            FollowAsync(settings, (now, token) => VerifyAsync(settings, now, log, token, signals.Token), signals.Token),
            BackUpLabelledAsync(settings, program, log, signals.Token),
        ];
        // None of them ends before it is asked to, but by an error.
        await await Task.WhenAny(schedules);
        await Task.WhenAll(schedules);
        await Task.WhenAll(aside);
        await EndOthersAsync(settings.Program);
        return 0;
    }

    private static async Task<SettingsInForce> LoadAsync(CancellationToken cancellation)
    {
        try
        {
            return SettingsInForce.Load();
        }
        catch (ConfigurationException)
        {
            await Standstill.EndWithoutSettingsAsync(cancellation);
            throw;
        }
    }

    /// <summary>A port that nobody asked for, and that somebody else has, is no reason to make no backups.</summary>
    private static HttpServer? Listen(SettingsInForce settings)
    {
        var program = settings.Program;
        try
        {
            return program.Settings.Http is { } address ? HttpServer.Listen(address, new Endpoints(() => settings.Program).AnswerAsync, program.Log) : null;
        }
        catch (ConfigurationException failure) when (program.Reading.Given.Find(HttpSettingTable.Port) is null)
        {
            program.Log.LogWarning("There are no answers over HTTP: {Problem}", string.Join(' ', failure.Faults.Select(fault => fault.Problem)));
            return null;
        }
    }

    /// <summary>Follows a schedule until another takes its place. A run that is going on then is waited for.</summary>
    private static async Task FollowAsync(SettingsInForce settings, Func<Composition, CancellationToken, Task> follow, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (program, replaced) = settings.Now();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, replaced);
            await follow(program, either.Token);
        }
    }

    private static async Task WatchAsync(SettingsInForce settings, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var program = settings.Program;
            await Task.Delay(LookPause, program.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (!cancellation.IsCancellationRequested && RunLock.IsLeftBehind(program.Settings.Paths.State))
                    await RecoverAsync(program, cancellation);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ConfigurationException
                || (failure is OperationCanceledException && cancellation.IsCancellationRequested))
            {
                program.Log.LogDebug("Whether a run was killed cannot be told: {Problem}", failure.Message);
            }
        }
    }

    /// <summary>What runs could not deliver, or did not live to deliver, is delivered here.</summary>
    private static async Task DeliverAsync(SettingsInForce settings, CancellationToken cancellation)
    {
        // One whose receiver takes its time is not waited for: the next round leaves that receiver out, and brings what others get.
        var rounds = new List<Task>();
        while (!cancellation.IsCancellationRequested)
        {
            var program = settings.Program;
            foreach (var over in rounds.FindAll(round => round.IsCompleted))
            {
                rounds.Remove(over);
                await over;
            }
            rounds.Add(DeliverAsync(program, cancellation));
            await Task.Delay(LookPause, program.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(rounds);
    }

    private static async Task DeliverAsync(Composition program, CancellationToken cancellation)
    {
        try
        {
            await program.Courier.DeliverWaitingAsync(cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException
            || (failure is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            program.Log.LogDebug("Webhook messages that wait cannot be delivered: {Problem}", failure.Message);
        }
    }

    /// <summary>
    /// A run that somebody began with exec is not our child, but dies with this container: it is asked to end, too, so that it
    /// starts its services, and waited for as long as Docker lets us.
    /// </summary>
    private static async Task EndOthersAsync(Composition program)
    {
        if (!RunPurpose.TryParse(RunLock.Holder(program.Settings.Paths.State), out var run) || !run.IsHere)
            return;
        program.Log.LogInformation("Waiting for the {Run}.", run);
        ForegroundProcess.Terminate(run.ProcessId);
        while (RunPurpose.TryParse(RunLock.Holder(program.Settings.Paths.State), out var holder) && holder == run)
            await Task.Delay(TimeSpan.FromMilliseconds(50), program.Time);
    }

    private static async Task BackUpAsync(SettingsInForce settings, Composition program, string[] log, CancellationToken cancellation, CancellationToken stop)
    {
        if (program.Schedule is not { } schedule)
        {
            if (program.MakesArchives)
                program.Log.LogInformation("No BACKUP_SCHEDULE is set: backups are made by hand, with backup-now.");
            await StayUpAsync(program, cancellation);
            return;
        }
        program.Log.LogInformation("{Schedule}", schedule.Describe(program.Time.GetUtcNow()));
        // What another schedule would have begun was not missed.
        var lastStarted = new[]
        {
            program.History.LastStarted(run => run.Kind == RunKind.Backup),
            ScheduleInForce.Since(program, ScheduleInForce.OfBackups),
        }.Max();
        string[] arguments = ["backup", .. log];
        var scheduler = new Scheduler(
            schedule, _ => RunChildAsync(settings, arguments, stop), lastStarted, program.Settings.CatchUp, program.Time, program.Log);
        await scheduler.RunAsync(cancellation);
    }

    private static Task BackUpLabelledAsync(SettingsInForce settings, Composition program, string[] log, CancellationToken cancellation) => program.Settings.Labels is { } labels
        ? new LabelledBackups(settings, (arguments, ends, force) => RunChildAsync(settings, [.. arguments, .. log], ends, force)).FollowAsync(labels, cancellation)
        : StayUpAsync(program, cancellation);

    /// <summary>Verifications have a schedule of their own, and are children, too.</summary>
    private static async Task VerifyAsync(SettingsInForce settings, Composition program, string[] log, CancellationToken cancellation, CancellationToken stop)
    {
        if (program.VerifySchedule is not { } schedule)
        {
            await StayUpAsync(program, cancellation);
            return;
        }
        program.Log.LogInformation("Verifications: {Schedule}", schedule.Describe(program.Time.GetUtcNow()));
        // One that was interrupted has not been run.
        var lastStarted = new[]
        {
            program.Verifications.LastStarted(run => run.Outcome != nameof(RunOutcome.Interrupted)),
            ScheduleInForce.Since(program, ScheduleInForce.OfVerifications),
        }.Max();
        string[] arguments = ["verify", "--scheduled", .. log];
        var quiet = new QuietMoment(program.Settings.Paths.State, program.Schedule, program.Time);
        var scheduler = new Scheduler(schedule, VerifyOnceAsync, lastStarted, program.Settings.CatchUp, program.Time, program.Log);
        await scheduler.RunAsync(cancellation);

        async Task VerifyOnceAsync(CancellationToken replaced)
        {
            await quiet.WaitAsync(stop);
            await RunChildAsync(settings, arguments, stop);
        }
    }

    /// <summary>Whether the log file can be written is found out once, and not told again by every run.</summary>
    private static string[] LogArguments(Composition program)
    {
        if (LogFile.Problem(LogFile.OfScheduledRuns) is not { } problem)
            return ["--log-file", LogFile.OfScheduledRuns];
        program.Log.LogInformation("Scheduled runs are logged here only: {Problem}", problem);
        return [];
    }

    private static async Task StayUpAsync(Composition program, CancellationToken cancellation) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, program.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static async Task<int> RunChildAsync(SettingsInForce settings, string[] arguments, CancellationToken cancellation, CancellationToken force = default)
    {
        var code = await ForegroundProcess.RunAsync(Environment.ProcessPath!, arguments, settings.ForRun(), cancellation, force);
        var program = settings.Program;
        if (code <= 128 || cancellation.IsCancellationRequested)
            return code;
        program.Log.LogError("The run was killed by signal {Signal}{Hint}.", code - 128, code == 128 + 9 ? " (too little memory?)" : "");
        await RecoverAsync(program, cancellation);
        return code;
    }

    private static async Task RecoverAsync(Composition program, CancellationToken cancellation)
    {
        try
        {
            using var runLock = await RunLock.TakeAsync(program.Settings.Paths.State, "start of the program", cancellation);
            await program.Recovery().RunAsync(runLock, cancellation);
        }
        catch (RunLockedException locked)
        {
            program.Log.LogInformation("{Locked}", locked.Message);
        }
    }
}
