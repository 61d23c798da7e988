using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>
/// One job for each labelled database there is, and no other: a container that was made anew keeps the job of the one before it,
/// one that has gone has none. What cannot be a job is told once.
/// </summary>
/// <param name="means">What all jobs share.</param>
internal sealed class LabelledJobs(JobMeans means) : IAsyncDisposable
{
    private readonly Dictionary<string, LabelledJob> _jobs = [];
    private readonly Lock _gate = new();
    private HashSet<string> _told = [];

    /// <summary>The jobs there are, by identity.</summary>
    public IReadOnlyList<LabelledJob> All
    {
        get
        {
            lock (_gate)
                return [.. _jobs.Values.Where(job => job.Container is not null).OrderBy(job => job.Identity, StringComparer.Ordinal)];
        }
    }

    /// <summary>Makes of the jobs what the containers and the operator say now. A run that goes on comes to its own end.</summary>
    public void Follow(IReadOnlyList<SurveyedContainer> containers, JobRules rules)
    {
        lock (_gate)
        {
            var present = new HashSet<string>();
            foreach (var container in containers)
            {
                if (container is { Standing: LabelStanding.BackedUp, Reading.Database: { } database }
                    && CronSchedule.TryParse(database.Cron, rules.Zone, out var schedule, out _))
                    Follow(container, database, schedule!, rules, present); // Parsed.
            }
            Leave(present);
            Tell(containers);
        }
    }

    /// <summary>Begins nothing more, and waits for what goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        List<LabelledJob> jobs;
        lock (_gate)
            jobs = [.. _jobs.Values];
        foreach (var job in jobs)
        {
            job.Leave();
            job.Forgo();
        }
        await Task.WhenAll(jobs.Select(job => job.Ended));
        foreach (var job in jobs)
            job.Dispose();
        lock (_gate)
            _jobs.Clear();
    }

    private void Follow(SurveyedContainer container, LabelledDatabase database, CronSchedule schedule, JobRules rules, HashSet<string> present)
    {
        present.Add(database.Identity);
        if (!_jobs.TryGetValue(database.Identity, out var job))
            _jobs.Add(database.Identity, job = new LabelledJob(database.Identity, means));
        if (job.Follow(container, database, schedule, rules) is { } news)
            means.Log.LogInformation("{Container} is backed up: {News}", container.Container.Name, news);
    }

    private void Leave(HashSet<string> present)
    {
        foreach (var job in _jobs.Values.Where(job => !present.Contains(job.Identity)).ToList())
        {
            if (job.Container is { } gone)
            {
                job.Leave();
                means.Log.LogInformation("{Container} is not backed up any more: it has gone, or its labels do not ask for it.", gone.Container.Name);
            }
            // One whose last run goes on stays known, so that nothing overlaps it should it come back.
            if (job.IsOver && _jobs.Remove(job.Identity))
                job.Dispose();
        }
    }

    private void Tell(IReadOnlyList<SurveyedContainer> containers)
    {
        var news = containers.SelectMany(Sayings).ToHashSet();
        foreach (var saying in news.Where(saying => !_told.Contains(saying)))
            means.Log.LogWarning("{Warning}", saying);
        // What is put right and goes wrong again is told again.
        _told = news;
    }

    private static IEnumerable<string> Sayings(SurveyedContainer container)
    {
        if (container.Standing == LabelStanding.Rejected)
            yield return $"{Shown.Line(container.Container.Name)} is NOT backed up, because its labels cannot be used. {string.Join(' ', container.Reading.Problems)}";
        // A container whose labels lack the one that makes them count has remarks, too: somebody means to have it backed up.
        if (container.Standing is LabelStanding.BackedUp or LabelStanding.Rejected or LabelStanding.Duplicate || container is { Standing: LabelStanding.NotAsked, IsInScope: true })
        {
            foreach (var remark in container.Remarks)
                yield return $"{Shown.Line(container.Container.Name)}: {remark}";
        }
    }
}
