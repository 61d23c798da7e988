using System.Net;
using System.Net.Sockets;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Databases.Mongo;
using BackupSidecar.Tests.Notifications;

namespace BackupSidecar.Tests.Commands;

/// <summary>
/// <c>backup</c> where only labels say what is backed up: all of them, and the exit code tells the truth. The databases are MongoDB's, of which
/// there are only stand-ins of the tools here.
/// </summary>
public sealed class LabelledBackupCommandTests : IAsyncDisposable
{
    private const int TimeLimit = 60_000;

    private readonly LabelledScene _scene = new();
    private readonly StandInMongoTools _tools = new();
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly string _conn;

    public LabelledBackupCommandTests()
    {
        _server.Start();
        _conn = $"mongodb://app:hunter22@127.0.0.1:{((IPEndPoint)_server.LocalEndpoint).Port}/orders?authSource=admin";
        _tools.Archive(MongoArchives.Whole);
        _scene.Program.Settings["PATH"] = $"{_tools.Directory}:/usr/local/bin:/usr/bin:/bin";
    }

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        _tools.Dispose();
        await _scene.DisposeAsync();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_labelled_MongoDB_is_dumped_by_mongodump_into_an_archive_of_its_name()
    {
        _scene.Database("shop", "mongodb", _conn);

        await EndsAsync(0, "backup", "--container", "shop-db-1");

        Assert.Matches(@"\A--config=\S+\n--archive\n\z", _tools.Read("arguments"));
        Assert.Equal($"uri: \"{_conn}\"\n", _tools.Read("config"));
        Assert.Matches(@"^shop/mongodb-orders-[0-9]{14}\.archive\.gz$", Assert.Single(Dumps));
        await EndsAsync(0, "restore", "shop-db-1", "--yes");
        Assert.Equal(MongoArchives.Whole, await File.ReadAllBytesAsync(Path.Combine(_tools.Directory, "restored"), TestContext.Current.CancellationToken));
        Assert.Matches(@"\A--config=\S+\n--archive\n--drop\n\z", _tools.Read("arguments"));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task News_that_nobody_takes_are_kept_and_the_backup_is_none_the_worse()
    {
        await using var receiver = new FakePingServer(FakePingServer.Never);
        _scene.Database("shop", "mongodb", _conn);
        _scene.Program.Settings["BACKUP_WEBHOOK_URL"] = receiver.Url;

        var ended = await EndsAsync(RunOutcome.Succeeded, "backup", "--container", "shop-db-1");

        Assert.Contains("The webhook notification was given up", ended.Everything, StringComparison.Ordinal);
        var told = await receiver.NextAsync();
        Assert.Equal($"{told.Headers["Webhook-Id"]}.json", Path.GetFileName(Assert.Single(Directory.GetFiles(_scene.Program.Path("state", "outbox")))));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Where_only_labels_say_what_is_backed_up_all_of_these_databases_are()
    {
        _scene.Database("shop", "mongodb", _conn);
        _scene.Database("blog", "mongodb", _conn);
        _scene.Database("wiki").Status = "exited";

        var ended = await EndsAsync(RunOutcome.Succeeded, "backup");

        Assert.Equal(["blog", "shop"], Dumps.Select(dump => dump.Split('/')[0]).Order());
        Assert.Contains("wiki-db-1 is not backed up: it is exited.", ended.Everything, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_that_fails_does_not_cost_the_others_and_is_told_by_the_exit_code()
    {
        _scene.Database("blog");
        _scene.Database("shop", "mongodb", _conn);
        var rejected = _scene.Database("wiki");
        rejected.Labels.Remove("backup.conn");

        var ended = await EndsAsync(RunOutcome.Partial, "backup");

        Assert.StartsWith("shop/mongodb-orders-", Assert.Single(Dumps), StringComparison.Ordinal);
        Assert.Contains("Not backed up: blog-db-1, wiki-db-1.", ended.Everything, StringComparison.Ordinal);
        _scene.Docker.Remove(rejected);
        _tools.Exit(1);
        Assert.Equal(1, (await _scene.Program.RunAsync("backup")).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Where_there_is_nothing_to_back_up_it_says_so_and_ends_with_2()
    {
        var ended = await EndsAsync(RunOutcome.NotStarted, "backup");

        Assert.Contains("No container asks by labels to be backed up", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("backup-sidecar explain", ended.Errors, StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("restore", "latest", "--yes")]
    [InlineData("verify", "--all")]
    public async Task What_is_for_archives_says_where_there_are_only_dumps_what_to_do_instead(params string[] command)
    {
        _scene.Database("shop", "mongodb", _conn);
        await EndsAsync(RunOutcome.Succeeded, "backup");

        var ended = await EndsAsync(RunOutcome.Failed, command);

        Assert.Contains("Only databases with labels are backed up here, each by itself", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("none scheduled", (await _scene.Program.RunAsync("check")).Output, StringComparison.Ordinal);
    }

    private IEnumerable<string> Dumps => Directory.GetFiles(_scene.Program.Path("store"), "*.gz", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_scene.Program.Path("store"), file));

    private Task<Ended> EndsAsync(RunOutcome outcome, params string[] command) => EndsAsync((int)outcome, command);

    private async Task<Ended> EndsAsync(int code, params string[] command)
    {
        var ended = await _scene.Program.RunAsync(command);
        Assert.True(ended.ExitCode == code, $"exit code {ended.ExitCode} instead of {code}:\n{ended.Everything}");
        Assert.DoesNotContain("hunter22", ended.Everything, StringComparison.Ordinal);
        return ended;
    }
}
