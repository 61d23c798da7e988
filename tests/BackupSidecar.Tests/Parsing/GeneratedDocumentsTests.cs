using System.Text;
using System.Text.Json.Nodes;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Targets;
using BackupSidecar.Tests.Retention;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Parsing;

/// <summary>
/// Documents that anybody may have written, as JSON that is right but says something odd: every value in them may be nothing, of another
/// kind, negative or endless. What is made of them goes through the same hands as true ones.
/// </summary>
public sealed class GeneratedDocumentsTests : IDisposable
{
    private static readonly string[] Odd =
        ["null", "0", "-1", "9223372036854775807", "1e400", "\"\"", "\"..\"", "\"a/b\"", "[]", "[null]", "{}", "true", "\"\\ud800\"", "\"9999-12-31T23:59:59Z\"", "\"0001-01-01T00:00:00Z\""];

    private readonly string _state = Directory.CreateTempSubdirectory("generated-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task A_manifest_that_nobody_signed_breaks_neither_the_list_nor_retention_nor_a_plan()
    {
        var settings = new ArchiveSettings();
        var name = new ArchiveName("shop", new DateTime(2026, 11, 20, 3, 0, 0, DateTimeKind.Unspecified), ".tar.gz");
        var valid = JsonNode.Parse(new ManifestFile(settings, "shop").Write(Sample(name)))!;
        var random = LongRun.Random();

        for (var i = 0; i < 20_000; i++)
        {
            using var store = new MemoryStore();
            store.Add(name.FileName, "data");
            store.Add(name.ManifestFileName, Changed(valid, random));
            var catalog = await new CatalogReader([store], new ManifestFile(settings, "shop"), "shop").ReadAsync(Token);
            var entry = Assert.Single(catalog.Entries);
            if (entry.State != CatalogState.Damaged)
                Plan(entry.Manifest!);
        }
    }

    [Fact]
    public void A_line_of_the_history_is_read_or_passed_over()
    {
        var history = new History(_state);
        history.Append(Reports.Sample.Full with { Verified = [new VerifiedCopy("a", "local", VerificationLevel.Content, VerificationResult.Good, null)] });
        var path = Path.Combine(_state, "history.jsonl");
        var valid = JsonNode.Parse(File.ReadAllText(path))!;
        var random = LongRun.Random();

        for (var i = 0; i < 100; i++)
        {
            File.WriteAllLines(path, Enumerable.Range(0, 200).Select(_ => Line(valid, random)));
            foreach (var report in history.ReadNewestFirst())
                _ = ReportText.Summary(report);
            _ = new PastVerifications(history.ReadNewestFirst()).Of("a", "local");
            _ = history.LastGoodBackup(DateTimeOffset.MaxValue);
            Assert.Null(history.LastStarted(_ => false));
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What a restore, a verification and retention ask of it before they touch anything.</summary>
    private static void Plan(Manifest manifest)
    {
        try
        {
            var contents = RestorePlanner.Contents(manifest);
            var plan = RestorePlanner.Plan(manifest.Archive, contents, new BackupPlan { Name = "shop", Sources = [new DirectorySourcePlan("data", "/data"), new DirectorySourcePlan("more", "/more")], ArchiveExtension = ".tar.gz" }, new RestoreOptions());
            FreeSpace.Check(plan.Steps.Select(step => ("/", step.Source.Manifest!.Bytes)));
        }
        catch (Exception error) when (error is BackupRefusedException or RestoreException)
        {
            // Both say what is wrong.
        }
    }

    private static string Line(JsonNode valid, Random random)
    {
        var line = Changed(valid, random).ReplaceLineEndings(" ");
        return random.Next(3) == 0 ? Encoding.Latin1.GetString(Mutation.Of(Encoding.UTF8.GetBytes(line), random)).ReplaceLineEndings(" ") : line;
    }

    /// <summary>One or two places say something odd.</summary>
    private static string Changed(JsonNode valid, Random random)
    {
        const string Mark = "a value that stands here";
        var document = valid.DeepClone();
        var count = random.Next(1, 3);
        for (var i = 0; i < count; i++)
        {
            var places = Places(document).ToList();
            places[random.Next(places.Count)].ReplaceWith(Mark);
        }
        var text = document.ToJsonString();
        for (var at = text.IndexOf(Mark, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Mark, StringComparison.Ordinal))
            text = string.Concat(text.AsSpan(0, at - 1), Odd[random.Next(Odd.Length)], text.AsSpan(at + Mark.Length + 1));
        return text;
    }

    private static IEnumerable<JsonNode> Places(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => Places(member.Value)).Concat(members.Select(member => member.Value).OfType<JsonNode>()).Distinct(),
        JsonArray items => items.SelectMany(Places).Concat(items.OfType<JsonNode>()).Distinct(),
        _ => [],
    };

    private static Manifest Sample(ArchiveName name) => new()
    {
        CreatedBy = "a test",
        RunId = Guid.NewGuid(),
        BackupName = "shop",
        Archive = name.FileName,
        StartedAt = DateTimeOffset.UnixEpoch,
        FinishedAt = DateTimeOffset.UnixEpoch,
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = "none",
        Sources =
        [
            new ManifestSource { Kind = "directory", Entry = "data", Origin = "/data", State = SourceState.Complete, Bytes = long.MaxValue, Entries = 1, TarSha256 = "ab", Skipped = ["a"] },
            new ManifestSource { Kind = "directory", Entry = "more", Origin = "/more", State = SourceState.Complete, Bytes = long.MaxValue, Entries = 1, Counts = new Dictionary<string, long> { ["t"] = 1 } },
        ],
        Stored = new StoredArchive(4, "cd"),
    };
}
