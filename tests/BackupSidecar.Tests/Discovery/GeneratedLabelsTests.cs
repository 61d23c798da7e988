using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Discovery;

/// <summary>
/// Whatever stands in labels, the answer is a database, or what is wrong; the neighbours are backed up all the same, and nothing leads
/// outside of what labels may ask for.
/// </summary>
public sealed class GeneratedLabelsTests
{
    private const int Sets = 20_000;
    private const int SetsAtOnce = 20;

    private static readonly string[] Names =
    [
        "backup.enabled", "backup.type", "backup.cron", "backup.conn", "backup.database", "backup.dest", "backup.prefix", "backup.retention", "backup.webhook",
        "backup.other", ComposeLabels.Number, ComposeLabels.OneOff,
    ];

    private static readonly string[] Values =
    [
        "true", "false", "postgres", "mysql", "mongodb", "redis", "0 3 * * *", "*/5 * * * * *", "@daily", "@every 1h", "local", "remote", "s3", "7d", "24h", "1.5h", "30",
        "postgres://app:hunter22@db/shop", "mysql://app:hunter22@db/shop?sslmode=disable", "mongodb://app:hunter22@db/shop?authSource=admin", "redis://:hunter22@db/1",
        "hunter22@db:6379", "https://example.com/hook", "prod/eu", "a b", "shop",
    ];

    private static readonly string[] Pieces =
    [
        "", " ", "/", "..", "../", "\\", "\0", "\n", "\u202e", "%", "%2F", "%00", "%zz", "@", ":", "?", "#", "&", "=", "://", "[", "]", "::1", ",", "é", "漢", "\ud800",
        "99999999999999999999", "-1", "@every ", "d", "ns", "host=/run", "passfile=/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/", "postgres://", "mongodb+srv://",
        ".backup-sidecar-", "true", "0 0 31 2 *", "${BACKUP_ENCRYPTION_KEY}", "$(id)", "`id`", "*",
    ];

    [Fact]
    public void No_labels_break_the_reading_of_others()
    {
        var random = LongRun.Random();
        var survey = new LabelSurvey(BackupSidecar.Configuration.LabelScope.All, null, null, Labelled.Policy);
        var accepted = 0;
        for (var set = 0; set < Sets; set += SetsAtOnce)
        {
            var hostile = Enumerable.Range(0, SetsAtOnce).Select(i => Labelled.Container($"c{i}", Generate(random), random.Next(2) == 0 ? "shop" : null)).ToList();
            var good = Labelled.Container("good", Labelled.Enough());
            var found = survey.Of([.. hostile.Take(SetsAtOnce / 2), good, .. hostile.Skip(SetsAtOnce / 2)]);

            Assert.Equal(LabelStanding.BackedUp, found.Single(each => each.Container.Name == "good").Standing);
            foreach (var each in found)
                Judge(each);
            accepted += found.Count(each => each.Standing == LabelStanding.BackedUp) - 1;
        }
        // Else what is accepted would not have been looked at.
        Assert.InRange(accepted, Sets / 100, Sets);
    }

    private static void Judge(SurveyedContainer each)
    {
        var told = string.Join('\n', each.Reading.Problems.Concat(each.Remarks));
        Assert.DoesNotContain("hunter22", told, StringComparison.Ordinal);
        if (each.Reading.Database is not { } database)
            return;
        Assert.DoesNotContain("..", database.Prefix.Split('/'));
        Assert.False(database.Prefix.StartsWith('/') || database.Prefix.Any(char.IsControl), database.Prefix);
        Assert.Matches("^[A-Za-z0-9._-]{1,100}\\z", database.Database);
        Assert.DoesNotContain("hunter22", database.Database, StringComparison.Ordinal);
        Assert.All(database.Stores, store => Assert.Contains(store, Labelled.Policy.Stores));
        Assert.True(database.Retention is null || database.Retention > TimeSpan.Zero);
        Assert.True(database.Webhook is null || database.Webhook.Reveal().StartsWith("https://", StringComparison.OrdinalIgnoreCase));
        var uri = database.Uri.Uri.Reveal();
        // In a name or a value the sign is percent-encoded. The tools of MongoDB know no such parameters.
        if (database.Kind == "mongodb")
            return;
        Assert.DoesNotContain("passfile=", uri, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("host=", uri, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Mostly good, with a few labels that are damaged, missing or nonsense.</summary>
    private static Dictionary<string, string> Generate(Random random)
    {
        string[] kinds = ["postgres", "mysql", "mongodb", "redis"];
        var kind = kinds[random.Next(kinds.Length)];
        var labels = Labelled.Enough(kind, Values.First(value => value.StartsWith(kind + "://", StringComparison.Ordinal)));
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var name = Names[random.Next(Names.Length)];
            if (random.Next(8) == 0)
                labels.Remove(name);
            else
                labels[name] = Value(labels.GetValueOrDefault(name) ?? "", random);
        }
        return labels;
    }

    private static string Value(string value, Random random) => random.Next(5) switch
    {
        0 => Values[random.Next(Values.Length)],
        1 => string.Concat(random.GetItems(Pieces, random.Next(1, 6))),
        2 => new string((char)random.Next(1, 0x3000), random.Next(1, 6_000)),
        _ => value.Insert(random.Next(value.Length + 1), Pieces[random.Next(Pieces.Length)]),
    };
}
