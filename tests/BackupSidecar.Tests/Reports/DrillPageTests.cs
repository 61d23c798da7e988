using System.Text;
using System.Text.Json;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;

namespace BackupSidecar.Tests.Reports;

/// <summary>The evidence of a drill, for people and for machines.</summary>
public sealed class DrillPageTests : IDisposable
{
    private const string Hostile = "<script>alert(1)</script>\"'&";

    private readonly string _state = Directory.CreateTempSubdirectory("backup-sidecar-drills-").FullName;

    internal static DrillReport Report { get; } = new()
    {
        MadeBy = "backup-sidecar 1.0",
        RunId = new Guid("5d1c8c3e-4b2f-4a53-9f0a-0123456789ab"),
        BackupName = "shop",
        Archive = "shop-2026-11-20-030000.tar.gz.gpg",
        Store = "s3",
        BackedUpAt = Sample.Start,
        StartedAt = Sample.Start.AddDays(1),
        FinishedAt = Sample.Start.AddDays(1).AddSeconds(60),
        IsAuthenticated = true,
        Result = VerificationResult.Good,
        Level = VerificationLevel.Restore,
        ArchiveBytes = 120L << 20,
        Times = new DrillTimes(1.5, 4.2, 2.1, 9.9),
        Sources =
        [
            new DrilledSource
            {
                Kind = "postgres",
                Entry = "postgres-shop.dump",
                Origin = "postgresql://shop@db:5432/shop",
                Bytes = 500L << 20,
                Outcome = DrillOutcome.Restored,
                Server = "PostgreSQL 15.5",
                Image = "postgres:15",
                ImageDigest = "sha256:0123456789abcdef0123456789abcdef",
                LoadSeconds = 9.9,
                Counts = [new ComparedCount("public.users", 41234, 41234), new ComparedCount("public.orders", 9, 9)],
                Assertions = [new CheckedAssertion("BACKUP_DRILL_SQL_1", null)],
            },
        ],
    };

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public void Names_of_others_are_no_markup()
    {
        var hostile = Report with
        {
            BackupName = Hostile,
            Problem = Hostile,
            Archive = Hostile,
            NotChecked = [Hostile],
            Sources =
            [
                Report.Sources[0] with
                {
                    Entry = Hostile, Origin = Hostile, Problem = Hostile, Server = Hostile, Image = Hostile, ImageDigest = Hostile, Remarks = [Hostile],
                    Counts = [new ComparedCount(Hostile, 1, 2)],
                    Assertions = [new CheckedAssertion(Hostile, Hostile)],
                },
            ],
        };

        var page = DrillPage.Of(hostile, TimeZoneInfo.Utc);

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.True(page.Split("&lt;script&gt;").Length > 12);
    }

    [Fact]
    public void The_page_needs_nothing_but_itself()
    {
        var page = DrillPage.Of(Report, TimeZoneInfo.Utc);

        Assert.DoesNotContain("http", page.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page.Replace("default-src", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Restored: everything came back", page, StringComparison.Ordinal);
        Assert.Contains("41,234", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Refused", "Restore", "Refused: it does not come back")]
    [InlineData("Unread", "Restore", "Could not be told")]
    [InlineData("Good", "Content", "Restored in part")]
    public void The_verdict_stands_at_its_top(string result, string level, string words) => Assert.Contains(
        words,
        DrillPage.Of(Report with { Result = Enum.Parse<VerificationResult>(result), Level = Enum.Parse<VerificationLevel>(level) }, TimeZoneInfo.Utc),
        StringComparison.Ordinal);

    [Fact]
    public void What_did_not_come_back_has_no_recovery_time()
    {
        var whole = DrillPage.Of(Report, TimeZoneInfo.Utc);
        var part = DrillPage.Of(Report with { Level = VerificationLevel.Content, Sources = [Report.Sources[0] with { Outcome = DrillOutcome.NotRestored }] }, TimeZoneInfo.Utc);

        Assert.Contains("<dt>Recovery time</dt><dd>17.7 s</dd>", whole, StringComparison.Ordinal);
        Assert.Contains("<dt>Recovery time</dt><dd>not known</dd>", part, StringComparison.Ordinal);
    }

    [Fact]
    public void What_differs_is_shown_of_however_many_counts()
    {
        var counts = Enumerable.Range(0, 5000).Select(i => new ComparedCount($"public.t{i}", 1000 + i, 1000 + i)).Append(new ComparedCount("public.small", 3, 2));

        var page = DrillPage.Of(Report with { Sources = [Report.Sources[0] with { Outcome = DrillOutcome.Refused, Counts = [.. counts] }] }, TimeZoneInfo.Utc);

        Assert.Contains("5000 of 5001 agree", page, StringComparison.Ordinal);
        Assert.Contains("public.small", page, StringComparison.Ordinal);
        Assert.True(page.Length < 20_000);
    }

    [Fact]
    public void Both_forms_are_kept_and_the_oldest_go()
    {
        var evidence = new DrillEvidence(_state, TimeZoneInfo.Utc);
        for (var day = 0; day < 103; day++)
        {
            var report = Report with { Archive = $"shop-{day:000}.tar.gz" };
            evidence.Keep(report);
            File.SetLastWriteTimeUtc(Path.ChangeExtension(evidence.PageOf(report), ".json"), Sample.Start.UtcDateTime.AddDays(day - 200));
        }

        var (json, page) = evidence.Keep(Report);

        Assert.Equal(200, Directory.GetFiles(Path.Combine(_state, "drills")).Length);
        Assert.Equal(page, File.ReadAllBytes(evidence.PageOf(Report)));
        Assert.Equal("restored", JsonDocument.Parse(json).RootElement.GetProperty("sources")[0].GetProperty("outcome").GetString()!.ToLowerInvariant());
        Assert.Equal(17.7, JsonDocument.Parse(json).RootElement.GetProperty("times").GetProperty("recovery").GetDouble(), precision: 3);
    }

    [Fact]
    public void A_secret_that_a_server_said_is_masked()
    {
        var redactor = new Redactor(["hunter22"]);
        var report = Report with { Problem = "hunter22", NotChecked = ["hunter22"], Sources = [Report.Sources[0] with { Problem = "hunter22", Remarks = ["hunter22"] }] };

        var (json, page) = new DrillEvidence(_state, TimeZoneInfo.Utc).Keep(report.Masked(redactor));

        Assert.DoesNotContain("hunter22", Encoding.UTF8.GetString(json) + Encoding.UTF8.GetString(page), StringComparison.Ordinal);
    }
}
