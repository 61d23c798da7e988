using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Artefacts;
using BackupSidecar.Tests.Retention;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Runs.Artefacts;

/// <summary>
/// Random histories of several labelled databases in one store, through the whole of retention. What must never happen is known from
/// what was put there, and from nothing of the code that decides.
/// </summary>
public sealed class ArtefactRetentionTests
{
    private const int Minimum = 2;
    private const int AtOnce = 3;

    /// <summary>Databases that are easily taken for one another: by the beginning of a folder, by a name, by the container alone.</summary>
    private static readonly (string Prefix, string Database, string Identity)[] Databases =
        [("app", "x", "one"), ("app2", "x", "one"), ("", "x", "one"), ("app", "x-y", "one"), ("app", "x", "two"), ("app/sub", "x", "one")];

    private static readonly MetadataFile File = new(new ArchiveSettings());

    [Fact]
    public async Task Retention_of_one_database_takes_what_is_its_own_and_old_and_leaves_the_last_good_ones()
    {
        var random = LongRun.Random();
        var removed = 0;
        var histories = LongRun.Of(1_000, 50_000);
        for (var i = 0; i < histories; i++)
        {
            var now = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(10_000_000));
            var age = TimeSpan.FromMinutes(1 + random.Next(20_000));
            using var store = new MemoryStore();
            var put = Fill(store, random, now);
            var meant = Databases[random.Next(Databases.Length)];
            var before = store.Names.ToList();

            var run = Retention(meant, age, now);
            await run.ApplyAsync(store, await run.PlanAsync(store, Token), force: false, Token);

            var which = $"history {i} of seed {LongRun.Seed}";
            var left = store.Names.ToHashSet();
            var own = put.FindAll(each => each.Owner == meant && each.IsWhole).OrderByDescending(each => each.At).ToList();
            // The oracle: beyond the newest few, whatever is too old goes, the oldest first, and no more than a few at a time.
            var due = own.Skip(Minimum).Where(each => now - each.At > age).Reverse().Take(AtOnce).ToList();
            Assert.Equal(due.SelectMany(each => (string[])[each.Name.FileName, each.Name.ManifestFileName]).Order(), before.Where(name => !left.Contains(name)).Order());
            Assert.True(own.Take(Minimum).All(each => left.Contains(each.Name.FileName) && left.Contains(each.Name.ManifestFileName)), which);
            removed += due.Count;
        }
        LongRun.Tell($"{histories} histories, {removed} backups removed");
        Assert.True(removed > histories / 4, "The histories are too tame: hardly anything was removed.");
    }

    [Fact]
    public async Task Every_database_of_a_store_is_found_by_what_is_stored_alone()
    {
        using var store = new MemoryStore();
        foreach (var (second, (prefix, database, identity)) in Databases.Index())
            Add(store, new ArtefactName(prefix, "postgres", database, new DateTime(2026, 6, 1, 0, 0, second, DateTimeKind.Unspecified), ".dump.gz"), identity);

        var groups = ArtefactGroup.Of(await new CatalogReader([store], BackupForm.OfArtefacts(Settings(TimeSpan.FromDays(1)))).ReadAsync(Token), Settings(TimeSpan.FromDays(1)).Archive.HasManifestKey);

        Assert.Equal(
            Databases.Select(each => (each.Prefix, "postgres-" + each.Database, (string?)each.Identity)).Order(),
            groups.Select(group => (group.Owner.Prefix, group.Owner.BackupName, group.Owner.Identity)).Order());
        Assert.All(groups, group => Assert.Equal(TimeSpan.FromDays(7), group.Retention));
    }

    /// <summary>Whoever can write to a store, and remove nothing there, has no say in what we remove.</summary>
    [Fact]
    public async Task What_nobody_signed_says_nothing_of_how_long_dumps_are_kept()
    {
        using var store = new MemoryStore();
        Add(store, new ArtefactName("app", "postgres", "x", new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Unspecified), ".dump.gz"), "planted");
        var catalog = await new CatalogReader([store], BackupForm.OfArtefacts(Settings(TimeSpan.FromDays(1)))).ReadAsync(Token);

        Assert.Single(ArtefactGroup.Of(catalog, hasManifestKey: false));
        Assert.Empty(ArtefactGroup.Of(catalog, hasManifestKey: true));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static RetentionRun Retention((string Prefix, string Database, string Identity) of, TimeSpan age, DateTimeOffset now)
    {
        var settings = Settings(age);
        var owner = new ArtefactOwner(of.Prefix, "postgres-" + of.Database, of.Identity, "c");
        var sample = new ArtefactName(of.Prefix, "postgres", of.Database, now.UtcDateTime, ".dump.gz");
        return new RetentionRun(settings, new FakeClock(now), new RecordingLog())
        {
            Form = BackupForm.OfArtefacts(settings) with { Names = ArtefactNames.Of(sample), IsMeant = owner.Owns },
            IsGradual = true,
        };
    }

    private static List<Put> Fill(MemoryStore store, Random random, DateTimeOffset now)
    {
        var put = new List<Put>();
        var at = now;
        for (var left = random.Next(40); left > 0; left--)
        {
            at -= TimeSpan.FromSeconds(1 + random.Next(90_000));
            var owner = Databases[random.Next(Databases.Length)];
            var second = new DateTime(at.UtcDateTime.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, DateTimeKind.Unspecified);
            var name = new ArtefactName(owner.Prefix, "postgres", owner.Database, second, random.Next(2) == 0 ? ".dump.gz" : ".dump.gz.gpg");
            var isWhole = random.Next(5) > 0;
            put.Add(new Put(name, owner, new DateTimeOffset(second, TimeSpan.Zero).AddMilliseconds(125), isWhole));
            if (isWhole)
                Add(store, name, owner.Identity);
            else
                AddHalf(store, name, random);
        }
        return put;
    }

    private static void Add(MemoryStore store, ArtefactName name, string identity)
    {
        store.Add(name.FileName, Encoding.UTF8.GetString(SomeArtefact.Content));
        store.Add(name.ManifestFileName, Encoding.UTF8.GetString(File.Write(SomeArtefact.Manifest(name, identity), "/x/" + name.FileName)));
    }

    /// <summary>What looks like a backup and is none, or lies beside them.</summary>
    private static void AddHalf(MemoryStore store, ArtefactName name, Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                store.Add(name.FileName, "no metadata");
                break;
            case 1:
                store.Add(name.FileName, "another length than the metadata say");
                store.Add(name.ManifestFileName, Encoding.UTF8.GetString(File.Write(SomeArtefact.Manifest(name), "/x/" + name.FileName)));
                break;
            case 2:
                store.Add(name.FileName, "damaged");
                store.Add(name.ManifestFileName, "{");
                break;
            default:
                store.Add(name.FileName + ".bak", "mine");
                break;
        }
    }

    private static Settings Settings(TimeSpan age) => new()
    {
        Name = "labels",
        TimeZone = TimeZoneInfo.Utc,
        Sources = new SourceSettings(),
        Services = new ServiceSettings(),
        Archive = new ArchiveSettings(),
        Retention = new RetentionSettings { Age = age, Minimum = Minimum, MaximumDeletions = AtOnce },
        Hooks = new HookSettings(),
        Notifications = new NotificationSettings(),
        Paths = new PathSettings { State = "/state", Staging = "/staging" },
        Log = new LogSettings(),
    };

    private sealed record Put(ArtefactName Name, (string Prefix, string Database, string Identity) Owner, DateTimeOffset At, bool IsWhole);
}
