using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Restore;

/// <summary>Databases are restored before files, with an engine that only remembers what it was given.</summary>
public sealed class DatabaseOrderTests : IDisposable
{
    private readonly RestoreScene _scene = new();
    private readonly RememberingEngine _good = new();
    private readonly RememberingEngine _bad = new() { Fault = new DatabaseException("pg_restore: relation is on fire") };

    public DatabaseOrderTests()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("echo old > data/a");
        _scene.Sources.Add(Database("good"));
        _scene.Sources.Add(Database("bad"));
        _scene.Engines = (plan, _) => plan.DatabaseName == "good" ? _good : _bad;
    }

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_database_that_fails_leaves_the_files_as_they_are()
    {
        await StoreAsync();

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("on fire", report.Problems[0], StringComparison.Ordinal);
        Assert.Contains(report.Warnings, warning => warning.Contains("postgres-good.dump", StringComparison.Ordinal));
        Assert.Equal("new\n", _scene.Folder.Shell("cat data/a"));
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    [Fact]
    public async Task Databases_get_their_dumps_and_then_the_files_are_restored()
    {
        await StoreAsync();
        _bad.Fault = null;

        await _scene.RestoredAsync();

        Assert.Equal(["dump of good"], _good.Restored);
        Assert.Equal(["dump of bad"], _bad.Restored);
        Assert.Equal("old\n", _scene.Folder.Shell("cat data/a"));
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    [Fact]
    public async Task An_interrupted_restore_leaves_the_files_as_they_are()
    {
        await StoreAsync();
        using var interruption = new CancellationTokenSource();
        _bad.Fault = null;
        _bad.OnRestore = interruption.Cancel;

        var report = await _scene.RestoreAsync(cancellation: interruption.Token);

        Assert.Equal(RunOutcome.Interrupted, report.Outcome);
        Assert.Equal("new\n", _scene.Folder.Shell("cat data/a"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_found_out_before_anything_is_touched()
    {
        await StoreAsync();
        _bad.CheckFault = new DatabaseException("no server answers");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Empty(_good.Restored);
        Assert.Equal("new\n", _scene.Folder.Shell("cat data/a"));
    }

    private static DatabaseSourcePlan Database(string name) =>
        new(SourceKind.Postgres, $"postgres-{name}.dump", name, new Secret("postgresql://x"), "postgresql://host/" + name);

    private async Task StoreAsync()
    {
        await _scene.StoreAsync(archive =>
        [
            .. _scene.Sources.OfType<DatabaseSourcePlan>().Select(plan => Dump(archive, plan)),
            .. Tar.Splice(archive, "data",
            [
                Tar.Entry(System.Formats.Tar.TarEntryType.Directory, "data/"),
                Tar.Entry(System.Formats.Tar.TarEntryType.RegularFile, "data/a", content: "old\n"u8.ToArray()),
            ]),
        ]);
        _scene.Folder.Shell("echo new > data/a");
    }

    private static ManifestSource Dump(ArchiveWriter archive, DatabaseSourcePlan plan)
    {
        var content = Encoding.UTF8.GetBytes("dump of " + plan.DatabaseName);
        archive.WriteFile(plan.EntryName, content, new EntryAttributes(0x180, 0, 0, DateTimeOffset.UnixEpoch));
        return new ManifestSource
        {
            Kind = plan.Kind,
            Entry = plan.EntryName,
            Origin = plan.Origin,
            State = SourceState.Complete,
            Bytes = content.Length,
            Entries = 1,
            Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)),
        };
    }

    private sealed class RememberingEngine : IDatabaseEngine
    {
        public string Product => "Memory";

        public DatabaseException? Fault { get; set; }

        public DatabaseException? CheckFault { get; set; }

        public Action? OnRestore { get; set; }

        public List<string> Restored { get; } = [];

        public Task<ServerFacts> CheckAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => CheckFault is null ? Task.CompletedTask : Task.FromException(CheckFault);

        public Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation) => throw new NotSupportedException();

        public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
        {
            using var reader = new StreamReader(dump);
            var content = await reader.ReadToEndAsync(cancellation);
            OnRestore?.Invoke();
            if (Fault is not null)
                throw Fault;
            Restored.Add(content);
        }
    }
}
