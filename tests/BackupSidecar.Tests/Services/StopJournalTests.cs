using BackupSidecar.Services;

namespace BackupSidecar.Tests.Services;

public sealed class StopJournalTests : StopWindowFixture
{
    [Fact]
    public void It_gives_back_what_was_added_in_order()
    {
        var services = Entries();

        Journal.Add([services[0]]);
        Journal.Add([services[1], services[2]]);
        Journal.Remove([services[1]]);

        Assert.Equal([services[0], services[2]], Journal.Read());
    }

    [Fact]
    public void It_is_for_its_owner_only_and_goes_with_the_last_service()
    {
        Journal.Add(Entries());
        var mode = File.GetUnixFileMode(JournalPath);

        Journal.Remove(Entries());

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        Assert.False(Journal.Exists);
        Assert.Empty(Journal.Read());
    }

    [Fact]
    public void Every_truncation_of_it_is_no_journal()
    {
        Journal.Add(Entries());
        var whole = File.ReadAllBytes(JournalPath);

        for (var length = 0; length < whole.Length; length++)
            Assert.Null(StopJournal.Parse(whole.AsSpan(0, length)));

        Assert.Equal(Entries(), StopJournal.Parse(whole));
    }

    [Fact]
    public void No_mutation_of_it_starts_anything_else()
    {
        Journal.Add(Entries());
        var whole = File.ReadAllBytes(JournalPath);
        var random = new Random(112);
        var refused = 0;

        for (var round = 0; round < 10_000; round++)
        {
            var services = StopJournal.Parse(Mutate(whole, random));
            if (services is null)
                refused++;
            else
                Assert.Equal(Entries(), services);
        }

        Assert.InRange(refused, 5_000, 10_000);
    }

    [Fact]
    public async Task A_damaged_journal_is_set_aside_and_nothing_is_started()
    {
        var app = Daemon.Add("app");
        app.Status = "exited";
        Journal.Add([Entry("app", app.Id)]);
        var torn = (await File.ReadAllBytesAsync(JournalPath, Cancellation))[..100];
        await File.WriteAllBytesAsync(JournalPath, torn, Cancellation);

        var started = await ReconcileAsync();

        Assert.Empty(started);
        Assert.Empty(Daemon.Changes);
        var aside = Assert.Single(Directory.GetFiles(StateDirectory));
        Assert.StartsWith(JournalPath + ".unreadable-", aside, StringComparison.Ordinal);
        Assert.Equal(torn, await File.ReadAllBytesAsync(aside, Cancellation));
        Assert.Contains(Log.Lines, line => line.StartsWith("Error:", StringComparison.Ordinal) && line.Contains(aside, StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_damaged_journal_services_can_be_stopped_again()
    {
        Daemon.Add("app");
        await File.WriteAllTextAsync(JournalPath, "garbage", Cancellation);
        await using var window = await PrepareAsync("app");

        await window.OpenAsync(Cancellation);

        Assert.Equal(["app"], Journal.Read().Select(service => service.Name));
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var change = random.Next(1, 4); change > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, bytes[random.Next(bytes.Count)]);
                    break;
                default:
                    var length = random.Next(Math.Min(60, bytes.Count - at));
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
            }
        }
        return [.. bytes];
    }

    private List<StoppedService> Entries() =>
        [Entry("app", new string('a', 64)), Entry("wörker \"two\"", new string('b', 64)) with { Project = "shop", Service = "worker", Number = "2" }, Entry("db", new string('c', 64))];

    private StoppedService Entry(string name, string id) =>
        new() { Name = name, ContainerId = id, ContainerName = name, StoppedAt = Clock.GetUtcNow() };
}
