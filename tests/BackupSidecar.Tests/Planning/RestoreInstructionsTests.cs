using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Planning;

public sealed class RestoreInstructionsTests
{
    [Fact]
    public void What_SQLite_keeps_beside_a_database_does_not_outlive_its_restore()
    {
        using var folder = new TemporaryFolder();
        foreach (var suffix in new[] { "", "-wal", "-shm", "-journal" })
            folder.Write("live.db" + suffix, "of the old database");
        folder.Write("restored/sqlite-live.db", "of the backup");

        folder.Shell(CommandsFor(new SqliteSourcePlan("sqlite-live.db", folder["live.db"])));

        Assert.Equal([folder["live.db"]], Directory.GetFiles(folder.Root));
        Assert.Equal("of the backup", File.ReadAllText(folder["live.db"]));
    }

    [Fact]
    public void What_asks_a_Redis_server_is_installed_and_is_given_its_password_out_of_sight()
    {
        var text = TextFor(new DatabaseSourcePlan(SourceKind.Redis, "redis-cache.rdb", "cache", new Secret("redis://:hunter22@cache"), "redis://cache"));

        Assert.Contains("apt-get install gnupg tar gzip redis-tools\n", text, StringComparison.Ordinal);
        Assert.Contains("read -rs REDISCLI_AUTH; export REDISCLI_AUTH", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", text, StringComparison.Ordinal);
    }

    private static string CommandsFor(SourcePlan source)
    {
        var text = TextFor(source);
        var steps = text[text.IndexOf("3. Put back", StringComparison.Ordinal)..];
        return string.Join('\n', steps.Split('\n').Where(line => line.StartsWith("     ", StringComparison.Ordinal)));
    }

    private static string TextFor(SourcePlan source)
    {
        var plan = new BackupPlan { Name = "stack", Sources = [source], ArchiveExtension = ".tar.gz" };
        var archive = new ArchiveName("stack", new DateTime(2026, 11, 20, 3, 0, 0), ".tar.gz");
        return RestoreInstructions.For(plan, archive, new ArchiveSettings());
    }
}
