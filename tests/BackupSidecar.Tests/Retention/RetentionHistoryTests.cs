using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Runs;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Retention;

/// <summary>
/// Random histories of two stores, with all that ends up there besides good backups, through the whole of retention: list, manifests,
/// decision, deletes. What must never happen is known from what was put there, and from nothing of the code that decides.
/// </summary>
public sealed class RetentionHistoryTests
{
    private static readonly ArchiveSettings Ours = new() { SigningKey = new Secret("a signing key of this test") };
    private static readonly ManifestFile Signed = new(Ours, "app");
    private static readonly ManifestFile Unsigned = new(new ArchiveSettings(), "app");
    private static readonly ManifestFile Foreign = new(Ours with { SigningKey = new Secret("of somebody else") }, "app");

    private enum Fate
    {
        Good,
        Partial,
        WithoutManifest,
        WithoutArchive,
        Damaged,
        Unsigned,
        OfAnotherKey,
        OfAnotherName,
        OtherFile,
    }

    [Fact]
    public async Task Nothing_is_removed_that_must_stay_in_any_history_of_two_stores()
    {
        var random = LongRun.Random();
        var histories = LongRun.Of(2_000, 100_000);
        var removed = 0;
        for (var i = 0; i < histories; i++)
        {
            var settings = Settings(random);
            var now = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(50_000_000));
            using MemoryStore local = new(), far = new() { Name = "s3" };
            var put = Fill(random, now, local, far);
            now = Now(random, now);

            foreach (var store in (MemoryStore[])[local, far])
            {
                var before = store.Names.ToDictionary(name => name, store.Content);
                var run = new RetentionRun(settings, new FakeClock(now), new RecordingLog());
                await run.ApplyAsync(store, await run.PlanAsync(store, Token), force: false, Token);
                removed += Check(store, before, put.FindAll(each => each.Store == store.Name), settings.Retention, now, $"history {i} of seed {LongRun.Seed}");
            }
        }

        LongRun.Tell($"{histories} histories, {removed} backups removed");
        Assert.True(removed > histories / 4, "The histories are too tame: hardly anything was removed.");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Returns how many backups went.</summary>
    private static int Check(MemoryStore store, Dictionary<string, byte[]> before, List<Put> put, RetentionSettings retention, DateTimeOffset now, string which)
    {
        var left = store.Names.ToHashSet();
        Assert.True(left.All(name => before.TryGetValue(name, out var bytes) && bytes.SequenceEqual(store.Content(name))), $"{which}: something was changed.");
        var gone = put.FindAll(each => !left.Contains(each.Name.FileName) || !left.Contains(each.Name.ManifestFileName))
            .FindAll(each => before.ContainsKey(each.Name.FileName) && before.ContainsKey(each.Name.ManifestFileName));

        Assert.Equal(before.Count - (2 * gone.Count), left.Count);
        Assert.True(gone.TrueForAll(each => !left.Contains(each.Name.FileName) && !left.Contains(each.Name.ManifestFileName)), $"{which}: half of a backup went.");
        Assert.True(gone.TrueForAll(each => each.Fate is Fate.Good or Fate.Partial), $"{which}: something went that was not ours.");
        Assert.True(gone.Count <= retention.MaximumDeletions, $"{which}: {gone.Count} went at once.");
        var good = put.FindAll(each => each.Fate == Fate.Good).OrderByDescending(each => each.At).Take(Math.Max(1, retention.Minimum)).ToList();
        Assert.False(gone.Exists(good.Contains), $"{which}: one of the newest {retention.Minimum} good backups went.");
        Assert.False(gone.Exists(each => retention.Days > 0 && (now - each.At).TotalDays < retention.Days), $"{which}: one went before its time.");
        var ours = put.FindAll(each => each.Fate is Fate.Good or Fate.Partial);
        var isClockWrong = now.Year < 2024 || ours.Exists(each => each.At > now);
        Assert.True(gone.Count == 0 || (!isClockWrong && good.Count > 0), $"{which}: something went although the clock is wrong, or nothing is good.");
        return gone.Count;
    }

    private static List<Put> Fill(Random random, DateTimeOffset last, MemoryStore local, MemoryStore far)
    {
        var put = new List<Put>();
        var shareOfGood = random.NextDouble();
        var gap = TimeSpan.FromHours(new[] { 1, 6, 24, 24 * 20 }[random.Next(4)]);
        var at = last;
        for (var left = random.Next(14); left > 0; left--)
        {
            at -= TimeSpan.FromMinutes(1 + random.Next(1 + (int)(2 * gap.TotalMinutes)));
            var name = new ArchiveName("app", new DateTime(at.DateTime.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, DateTimeKind.Unspecified), ".tar.gz");
            foreach (var store in (MemoryStore[])[local, far])
            {
                // A store may have been away, or have lost what it had.
                if (random.Next(6) == 0)
                    continue;
                var fate = random.NextDouble() < shareOfGood ? Fate.Good : (Fate)random.Next((int)Fate.OtherFile + 1);
                put.Add(new Put(store.Name, name, at, fate));
                Add(store, name, at, fate);
            }
        }
        return put;
    }

    private static void Add(MemoryStore store, ArchiveName name, DateTimeOffset at, Fate fate)
    {
        var of = fate == Fate.OfAnotherName ? name with { BackupName = "app-2" } : name;
        if (fate == Fate.OtherFile)
        {
            foreach (var look in (string[])[name.FileName + ".bak", "." + name.FileName + ".partial", name.FileName.ToUpperInvariant(), "notes " + name.Timestamp, name.FileName + ".manifest.json~"])
                store.Add(look, "mine");
            return;
        }
        if (fate != Fate.WithoutArchive)
            store.Add(of.FileName, "data");
        if (fate == Fate.WithoutManifest)
            return;
        var file = fate switch { Fate.Unsigned => Unsigned, Fate.OfAnotherKey => Foreign, _ => Signed };
        var manifest = System.Text.Encoding.UTF8.GetString(file.Write(Manifest(of, at, fate == Fate.Partial)));
        store.Add(of.ManifestFileName, fate == Fate.Damaged ? manifest.Replace("\"a test\"", "\"a lie\"", StringComparison.Ordinal) : manifest);
    }

    private static Manifest Manifest(ArchiveName name, DateTimeOffset at, bool isPartial) => new()
    {
        CreatedBy = "a test",
        RunId = Guid.NewGuid(),
        BackupName = name.BackupName,
        Archive = name.FileName,
        StartedAt = at,
        FinishedAt = at,
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = "none",
        Sources = [new ManifestSource { Kind = "directory", Entry = "data", Origin = "/data", State = isPartial ? SourceState.Incomplete : SourceState.Complete }],
        Stored = new StoredArchive(4, ""),
    };

    /// <summary>Now and then the clock is years off.</summary>
    private static DateTimeOffset Now(Random random, DateTimeOffset last) => random.Next(20) switch
    {
        0 => last.AddYears(-10),
        1 => last.AddYears(10),
        2 => DateTimeOffset.UnixEpoch,
        3 => last.AddDays(-random.Next(100)),
        _ => last.AddHours(random.Next(200)),
    };

    private static Settings Settings(Random random)
    {
        int Maybe(int limit) => random.Next(2) == 0 ? 0 : random.Next(limit);
        return new Settings
        {
            Name = "app",
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings(),
            Archive = Ours,
            Retention = new RetentionSettings
            {
                Days = Maybe(30),
                Recent = Maybe(5),
                Daily = Maybe(10),
                Weekly = Maybe(5),
                Monthly = Maybe(5),
                Yearly = Maybe(3),
                Minimum = random.Next(1, 5),
                MaximumDeletions = random.Next(1, 12),
            },
            Hooks = new HookSettings(),
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = "/state", Staging = "/staging" },
            Log = new LogSettings(),
        };
    }

    /// <summary>What was put into a store, and when its run began.</summary>
    private sealed record Put(string Store, ArchiveName Name, DateTimeOffset At, Fate Fate);
}
