using System.Globalization;
using BackupSidecar.Reports;
using BackupSidecar.Scheduling.Jobs;
using BackupSidecar.Tests.Reports;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Tests.Commands;

/// <summary>
/// The program where only labels say what is backed up, an engine that lists containers, and what runs left. The daily schedule of the
/// databases is never due while a test runs: its time lies half a day away.
/// </summary>
internal sealed class LabelledScene : IAsyncDisposable
{
    private readonly string _daily;

    public LabelledScene()
    {
        _daily = string.Create(CultureInfo.InvariantCulture, $"0 {(Now.Hour + 12) % 24} * * *");
        foreach (var setting in new[] { "BACKUP_NAME", "BACKUP_DIRS", "BACKUP_ENCRYPTION_KEY" })
            Program.Settings[setting] = null;
        Program.Settings["BACKUP_LABELS"] = "on";
        Program.Settings["BACKUP_LABEL_SCOPE"] = "all";
        Program.Settings["DOCKER_HOST"] = Docker.Host.ToString();
    }

    /// <summary>When this scene began.</summary>
    public DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    public BuiltProgram Program { get; } = new();

    public FakeDockerDaemon Docker { get; } = new();

    /// <summary>A container of the service "db" of a project, with a database that nobody answers for.</summary>
    public FakeContainer Database(string project = "shop", string type = "postgres", string conn = "postgres://app:hunter22@127.0.0.1:1/orders")
    {
        var container = Docker.Add($"{project}-db-1", project, "db");
        foreach (var (name, value) in new[] { ("enabled", "true"), ("type", type), ("cron", _daily), ("conn", conn), ("prefix", project) })
            container.Labels[$"backup.{name}"] = value;
        return container;
    }

    /// <summary>The daemon has followed the job of a project's database for so long.</summary>
    public void Followed(TimeSpan ago, string project = "shop")
    {
        Directory.CreateDirectory(Program.Path("state"));
        new JobLedger(Program.Path("state"), NullLogger.Instance).Note($"{project}/db/1", _daily, "UTC", Now - ago);
    }

    /// <summary>Its backup ended so.</summary>
    public RunReport Ran(RunOutcome outcome, TimeSpan ago, string project = "shop")
    {
        var startedAt = Now - ago;
        var report = Sample.Succeeded with
        {
            RunId = Guid.NewGuid(),
            BackupName = $"{project}/db/1:{project}/postgres-orders",
            Outcome = outcome,
            Archive = string.Create(CultureInfo.InvariantCulture, $"{project}/postgres-orders-{startedAt:yyyyMMddHHmmss}.dump.gz"),
            StartedAt = startedAt,
            FinishedAt = startedAt.AddMinutes(1),
            Problems = outcome == RunOutcome.Succeeded ? [] : ["the server said no"],
        };
        new History(Program.Path("state"), History.OfLabels).Append(report);
        return report;
    }

    public async ValueTask DisposeAsync()
    {
        Program.Dispose();
        await Docker.DisposeAsync();
    }
}
