using Microsoft.Extensions.Logging;

namespace BackupSidecar.Backrest;

/// <summary>The events that are told of Backrest's plans, by the names that people filter them by.</summary>
internal static partial class Log
{
    [LoggerMessage(EventName = "plan.rendered", Message = "Plan {plan_id} in repo {repo}: {paths} ({change}, dry run: {dry_run})")]
    public static partial void PlanRendered(
        this ILogger log, LogLevel level, string plan_id, string repo, IReadOnlyList<string> paths, string change, bool dry_run);

    [LoggerMessage(EventName = "plan.removed", Level = LogLevel.Information, Message = "Plan {plan_id} was removed: its container is gone (dry run: {dry_run})")]
    public static partial void PlanRemoved(this ILogger log, string plan_id, bool dry_run);

    [LoggerMessage(EventName = "plan.stale", Level = LogLevel.Information, Message = "Plan {plan_id} stays although its container is gone: --prune removes such plans")]
    public static partial void PlanStale(this ILogger log, string plan_id);

    [LoggerMessage(EventName = "plan skipped", Level = LogLevel.Warning, Message = "Container {container} {reason} Plan: {plan_id}")]
    public static partial void PlanSkipped(this ILogger log, string container, string plan_id, string reason);

    [LoggerMessage(EventName = "plan skipped - id taken", Level = LogLevel.Warning, Message = "A plan {plan_id} is there that cannot be told to be ours without a prefix: it is left alone. Give a --plan-id-prefix")]
    public static partial void PlanTaken(this ILogger log, string plan_id);

    [LoggerMessage(EventName = "plan skipped - repo missing", Level = LogLevel.Warning, Message = "Container {container}: Backrest has no repo {repo} for its plan {plan_id}")]
    public static partial void RepoMissing(this ILogger log, string container, string plan_id, string repo);

    [LoggerMessage(EventName = "plan.warning", Level = LogLevel.Warning, Message = "Container {container} {warning} Plan: {plan_id}")]
    public static partial void PlanWarning(this ILogger log, string container, string plan_id, string warning);

    [LoggerMessage(EventName = "default.repo.resolved", Level = LogLevel.Information, Message = "Default repo: {repo} (from {source})")]
    public static partial void DefaultRepoResolved(this ILogger log, string repo, string source);

    [LoggerMessage(EventName = "default.repo.unset", Level = LogLevel.Warning, Message = "There is no default repo: {reason}")]
    public static partial void DefaultRepoUnset(this ILogger log, string reason);

    [LoggerMessage(EventName = "default.repo.unknown", Level = LogLevel.Warning, Message = "Backrest has no repo {wanted}; {repo} is taken instead")]
    public static partial void DefaultRepoUnknown(this ILogger log, string wanted, string repo);

    [LoggerMessage(EventName = "config.missing", Level = LogLevel.Warning, Message = "There is no {path} yet: start Backrest and give it a repository first, or name the right file in --config")]
    public static partial void ConfigMissing(this ILogger log, string path);

    [LoggerMessage(EventName = "config.faulty", Level = LogLevel.Warning, Message = "Backrest would not start with {path} as it stands there, and nothing of ours is to change in it. Mend this: {fault}")]
    public static partial void ConfigFaulty(this ILogger log, string path, string fault);

    [LoggerMessage(EventName = "config.changed-meanwhile", Level = LogLevel.Information, Message = "Somebody else changed {path} meanwhile: it is read and merged again")]
    public static partial void ChangedMeanwhile(this ILogger log, string path);

    [LoggerMessage(EventName = "config.write", Level = LogLevel.Information, Message = "{path}: {plans_total} plans, {plans_changed} of them changed")]
    public static partial void ConfigWritten(this ILogger log, string path, int plans_total, int plans_changed);

    [LoggerMessage(EventName = "dry-run.complete", Level = LogLevel.Information, Message = "Dry run: {plans_changed} of {plans_seen} plans would change in {config}")]
    public static partial void DryRunComplete(this ILogger log, int plans_seen, int plans_changed, string config);

    [LoggerMessage(EventName = "reconcile.complete", Message = "{rendered} plans rendered, {skipped} skipped, {changed} changed")]
    public static partial void ReconcileComplete(this ILogger log, LogLevel level, int rendered, int skipped, int changed);

    [LoggerMessage(EventName = "reconcile.failed", Level = LogLevel.Error, Message = "{error}")]
    public static partial void ReconcileFailed(this ILogger log, string error);

    [LoggerMessage(EventName = "reconcile.recovered", Level = LogLevel.Information, Message = "Plans are kept up to date again")]
    public static partial void ReconcileRecovered(this ILogger log);

    [LoggerMessage(EventName = "backrest.restart.withheld", Level = LogLevel.Error, Message = "Backrest is not restarted, because it would not start with {path}. It has yet to read a change; mend the configuration first")]
    public static partial void RestartWithheld(this ILogger log, string path);

    [LoggerMessage(EventName = "backrest.restart", Level = LogLevel.Information, Message = "Backrest ({container}) was restarted and runs")]
    public static partial void BackrestRestarted(this ILogger log, string container);

    [LoggerMessage(EventName = "backrest.restart.not-needed", Level = LogLevel.Information, Message = "Backrest ({container}) does not run; it reads its configuration when it starts")]
    public static partial void BackrestIsDown(this ILogger log, string container);

    [LoggerMessage(EventName = "backrest.restart.by-others", Level = LogLevel.Information, Message = "Backrest ({container}) was started after the change was written, and knows it")]
    public static partial void BackrestKnows(this ILogger log, string container);

    [LoggerMessage(EventName = "backrest.restart.waiting", Level = LogLevel.Information, Message = "Backrest ({container}) is at work ({running}); it is restarted when that has ended, or after {limit}")]
    public static partial void BackrestIsBusy(this ILogger log, string container, string running, TimeSpan limit);

    [LoggerMessage(EventName = "backrest.restart.overdue", Level = LogLevel.Warning, Message = "Backrest ({container}) is still at work ({running}) after {limit}, and is restarted now")]
    public static partial void BackrestIsBusyTooLong(this ILogger log, string container, string running, TimeSpan limit);

    [LoggerMessage(EventName = "backrest.restart.failed", Level = LogLevel.Error, Message = "{error} Next try: {next_try:u}")]
    public static partial void RestartFailed(this ILogger log, string error, DateTimeOffset next_try);

    [LoggerMessage(EventName = "daemon.started", Level = LogLevel.Information, Message = "Plans are kept up to date every {interval}, with events: {with_events}")]
    public static partial void DaemonStarted(this ILogger log, TimeSpan interval, bool with_events);

    [LoggerMessage(EventName = "backup-once.variables", Level = LogLevel.Warning, Message = "{option}: {doubt}")]
    public static partial void OnceDoubts(this ILogger log, string option, string doubt);

    [LoggerMessage(EventName = "backup-once.output", Level = LogLevel.Information, Message = "{line}")]
    public static partial void OnceSays(this ILogger log, string line);

    [LoggerMessage(EventName = "backup-once.forget", Level = LogLevel.Information, Message = "Forgetting snapshots of {container} in {path}")]
    public static partial void OnceForgets(this ILogger log, string container, string path);

    [LoggerMessage(EventName = "backup-once.complete", Level = LogLevel.Information, Message = "Backed up; {stopped} services stood still for {seconds:0.0} s")]
    public static partial void OnceComplete(this ILogger log, int stopped, double seconds);

    [LoggerMessage(EventName = "backup-once.failed", Level = LogLevel.Error, Message = "{error}")]
    public static partial void OnceFailed(this ILogger log, string error);
}
