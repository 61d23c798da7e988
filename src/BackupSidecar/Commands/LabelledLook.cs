using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Planning;
using BackupSidecar.Scheduling;
using BackupSidecar.Scheduling.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Commands;

/// <summary>How all containers stand that ask by labels to be backed up.</summary>
/// <param name="All">Each of them; those that were there last, while the engine cannot be asked.</param>
/// <param name="Problem">Why nobody can tell which there are, with what to do; null if that is known.</param>
internal sealed record LabelledStanding(IReadOnlyList<LabelledHealth> All, string? Problem)
{
    public bool IsWell => Problem is null && All.All(each => each.IsWell);

    /// <summary>A sentence each, what is wrong first.</summary>
    public IEnumerable<string> Sentences => Problem is not null ? [Problem]
        : All.Count == 0 ? ["No container asks by labels to be backed up. What each would need: backup-sidecar explain"]
        : All.OrderBy(each => each.IsWell).Select(each => each.Text);
}

/// <summary>
/// Asks the Docker engine which containers have labels, and judges each by what runs left on the disk: true whether or not the
/// daemon works. Who asks again and again gets the containers of the last ten seconds.
/// </summary>
internal sealed class LabelledLook(Composition program, LabelSettings labels)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    private Seen _last = new(DateTimeOffset.MinValue, [], Problem: null);

    public async Task<LabelledStanding> LookAsync(Func<string, PastBackups> past, CancellationToken cancellation)
    {
        var now = program.Time.GetUtcNow();
        var seen = _last;
        if (now - seen.At >= Lasting || now < seen.At)
            _last = seen = await SurveyAsync(now, cancellation);
        var ledger = new JobLedger(program.Settings.Paths.State, NullLogger.Instance);
        var all = new List<LabelledHealth>();
        foreach (var container in seen.Containers)
        {
            if (await JudgeAsync(container, past, ledger, now, mayAsk: seen.Problem is null, cancellation) is { } health)
                all.Add(health);
        }
        return new LabelledStanding(all, seen.Problem);
    }

    private async Task<Seen> SurveyAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            return new Seen(now, await WithinLimitAsync(token => program.SurveyAsync(labels, token), cancellation), Problem: null);
        }
        catch (DockerException failure)
        {
            return new Seen(now, _last.Containers, $"No database with labels is backed up, because nobody can tell which there are. {failure.Message}");
        }
    }

    private async Task<LabelledHealth?> JudgeAsync(
        SurveyedContainer found, Func<string, PastBackups> past, JobLedger ledger, DateTimeOffset now, bool mayAsk, CancellationToken cancellation)
    {
        if (found.Refusal is { } refusal)
            return LabelledHealth.OfRefused(found, refusal);
        if (found is not { Standing: LabelStanding.BackedUp, Reading.Database: { } database }
            || !CronSchedule.TryParse(database.Cron, program.Settings.TimeZone, out var schedule, out _))
            return null;
        var health = Judge(upSince: null);
        return health.IsOverdue && found.IsRunning && mayAsk ? Judge(await StartOfAsync(found.Summary.Id, cancellation)) : health;

        LabelledHealth Judge(DateTimeOffset? upSince) => LabelledHealth.Of(
            found, database, schedule!, past(ArtefactPlanner.NameOf(database)), ledger.Since(database.Identity, schedule!), upSince, program, now); // Parsed.
    }

    /// <summary>Where the engine does not say, nothing speaks for the container.</summary>
    private async Task<DateTimeOffset?> StartOfAsync(string container, CancellationToken cancellation)
    {
        try
        {
            return await WithinLimitAsync(token => program.StartOfAsync(container, token), cancellation);
        }
        catch (DockerException)
        {
            return null;
        }
    }

    private static async Task<T> WithinLimitAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            return await ask(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new DockerException($"The Docker engine did not answer within {Limit.TotalSeconds:0} seconds.");
        }
    }

    private sealed record Seen(DateTimeOffset At, IReadOnlyList<SurveyedContainer> Containers, string? Problem);
}
