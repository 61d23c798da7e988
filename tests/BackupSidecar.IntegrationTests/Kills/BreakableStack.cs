using System.Diagnostics;
using System.Security.Cryptography;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Services;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Notifications;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>Where backups go, and whether they are encrypted.</summary>
internal sealed record Places(bool Local, bool S3, bool Encrypted)
{
    public static IReadOnlyList<Places> All { get; } =
        [.. from encrypted in new[] { true, false }
            from stores in new[] { (true, true), (true, false), (false, true) }
            select new Places(stores.Item1, stores.Item2, encrypted)];

    public override string ToString() => $"{(Local ? S3 ? "both" : "local" : "s3")}, {(Encrypted ? "encrypted" : "plain")}";
}

/// <summary>
/// A stack to be broken: two services on an engine that speaks the real protocol, a directory, a file and a SQLite database,
/// real stores, and somebody who is told. It looks at everything from outside, and notes what should not be.
/// </summary>
internal sealed class BreakableStack : IAsyncDisposable
{
    public const string SecretKey = "testsecret";
    private const string Name = "stack";

    private readonly Places _places;
    private readonly BuiltProgram _program = new();
    private readonly FakePingServer _told = new();
    private readonly List<string> _violations = [];
    private StoredBackups? _stored;

    private BreakableStack(Places places) => _places = places;

    public FakeDockerDaemon Engine { get; } = new();

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>How often the program was started.</summary>
    public int Runs { get; private set; }

    /// <summary>The longest time from a signal to the first start of a service, and to the end of the program.</summary>
    public (TimeSpan ToStart, TimeSpan ToEnd) Longest { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private StoredBackups Stored => _stored!; // MakeAsync makes it.

    public static async Task<BreakableStack> MakeAsync(Places places, CephServer server)
    {
        var stack = new BreakableStack(places);
        await stack.SetUpAsync(server);
        return stack;
    }

    public void Set(string setting, string value) => _program.Settings[setting] = value;

    public string PathOf(params string[] parts) => _program.Path(parts);

    /// <summary>Starts the program. Orders, if there are any, make it fail.</summary>
    public Process Start(string? orders, params string[] arguments)
    {
        _program.Settings[FailpointFile.Variable] = null;
        if (orders is not null)
        {
            File.WriteAllText(PathOf("orders"), $"{FailpointFile.Sentence}\n{orders}\n");
            _program.Settings[FailpointFile.Variable] = PathOf("orders");
        }
        Runs++;
        return _program.Start(arguments);
    }

    public async Task<Ended> RunAsync(string? orders, params string[] arguments)
    {
        using var process = Start(orders, arguments);
        return await EndOfAsync(process);
    }

    public async Task<Ended> EndOfAsync(Process process)
    {
        var ended = await BuiltProgram.EndOfAsync(process);
        Note(ended.Everything.Contains(BuiltProgram.Passphrase, StringComparison.Ordinal) || ended.Everything.Contains(SecretKey, StringComparison.Ordinal), "a secret was told");
        return ended;
    }

    /// <summary>The containers, the stores and the history as they have to be whenever no run is under way and none was just killed.</summary>
    /// <param name="when">Begins each sentence.</param>
    /// <param name="mayLeaveThings">Files may wait for the next start.</param>
    /// <param name="mayStop">An answer of the engine was lost: what it may still stop stays in the journal, and the next run looks again.</param>
    public async Task CheckAsync(string when, bool mayLeaveThings = false, bool mayStop = false)
    {
        Note(Engine.Standing.Count > 0, $"{when}: {string.Join(", ", Engine.Standing)} stands still");
        Note(!mayStop && File.Exists(PathOf("state", StopJournal.FileName)), $"{when}: the journal still names services");
        foreach (var fault in await Stored.FaultsAsync())
            Note(true, $"{when}: {fault}");
        foreach (var left in (await Stored.LeftoversAsync()).Concat(FoldersOfOurs()))
            Note(!mayLeaveThings, $"{when}: left over: {left}");
        var ids = History.Select(report => report.RunId).ToList();
        Note(ids.Distinct().Count() != ids.Count, $"{when}: a run ended twice");
    }

    /// <summary>What must hold even at the moment of death: nothing counts as a backup that is not whole.</summary>
    public async Task CheckStoredAsync(string when)
    {
        foreach (var fault in await Stored.FaultsAsync())
            Note(true, $"{when}: {fault}");
    }

    public Task<IReadOnlyList<(string Store, string Archive)>> CompleteAsync() => Stored.CompleteAsync();

    public void NoteTimes(TimeSpan? toStart, TimeSpan toEnd) => Longest =
        (toStart > Longest.ToStart ? toStart.Value : Longest.ToStart, toEnd > Longest.ToEnd ? toEnd : Longest.ToEnd);

    /// <summary>How many stores there are to store in.</summary>
    public int Stores => (_places.Local ? 1 : 0) + (_places.S3 ? 1 : 0);

    public IReadOnlyList<RunReport> History => [.. new History(PathOf("state")).ReadNewestFirst().Reverse()];

    /// <summary>Who was told since the last question: "/ok" or "/fail" each.</summary>
    public IReadOnlyList<string> Told() => [.. _told.Pings.Select(ping => ping.Target)];

    public void Note(bool isWrong, string sentence)
    {
        if (isWrong)
            _violations.Add($"[{_places}] {sentence}");
    }

    /// <summary>Time passes: leftovers that are too young to be swept would look like those of a run that just begins.</summary>
    public void LetTimePass()
    {
        var folders = new[] { PathOf("store", Name), PathOf("staging"), PathOf("state") }.Where(Directory.Exists);
        foreach (var file in folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-1));
    }

    public static bool MayStop(Failpoint point) => point is Failpoint.BeforeStop or Failpoint.AfterStop;

    /// <summary>Whether a run comes by this point, the so-many-th time, only where it makes up for what a store has missed: two stores come by twice.</summary>
    public static bool IsMakingUp(Failpoint point, int time) => time > 2 || point is >= Failpoint.BeforeMakingUp and <= Failpoint.MissedCopyStored;

    /// <summary>A backup that the server missed.</summary>
    public async Task<string> MissAsync()
    {
        var ended = await RunAsync($"{FailureKind.Throw} {Failpoint.S3UploadBegun}", "backup");
        Note(ended.ExitCode != (int)RunOutcome.Partial, $"a backup that the server was to miss ended with {ended.ExitCode}: {ended.Errors}");
        LetTimePass();
        Told();
        return History[^1].Archive!; // It is stored in the folder.
    }

    /// <summary>Whether a point is on the way of a backup to these places.</summary>
    public static bool IsOnTheWay(Failpoint point, Places places) => point switch
    {
        Failpoint.EncryptMiddle => places.Encrypted,
        Failpoint.BeforeLocalRename or Failpoint.AfterLocalRename => places.Local,
        >= Failpoint.S3UploadBegun and <= Failpoint.S3AfterPut => places.S3,
        >= Failpoint.BeforeMakingUp and <= Failpoint.MissedCopyStored => places is { Local: true, S3: true },
        _ => true,
    };

    /// <summary>Every earlier backup, read back by the program itself.</summary>
    public async Task VerifyAsync()
    {
        var verified = await RunAsync(null, "verify", "--all", "--level", "content");
        // Archives of runs that died before they wrote a manifest are no backups, and verify says so.
        Note(verified.ExitCode != 0, $"verify ended with {verified.ExitCode}: {verified.Errors}");
        var listed = await RunAsync(null, "list", "--json");
        var complete = (await CompleteAsync()).Select(each => each.Archive).ToHashSet();
        foreach (var backup in listed.Json.EnumerateArray())
        {
            var archive = backup.GetProperty("archive").GetString()!; // Every entry has one.
            Note(backup.GetProperty("state").GetString() == "complete" && !complete.Contains(archive), $"{archive} is listed as complete");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _stored?.Dispose();
        await Engine.DisposeAsync();
        await _told.DisposeAsync();
        _program.Dispose();
    }

    private async Task SetUpAsync(CephServer server)
    {
        foreach (var service in new[] { "app", "worker" })
            Engine.Add($"{Name}-{service}-1", Name, service);
        await WriteSourcesAsync("first");
        var bucket = _places.S3 ? await server.NewBucketAsync() : "";
        _stored = new StoredBackups(_places.Local ? PathOf("store", Name) : null, _places.S3 ? await server.AdminAsync() : null, bucket, Name);
        var settings = _program.Settings;
        settings["BACKUP_FILES"] = PathOf("etc", "app.conf");
        settings["BACKUP_SQLITE"] = PathOf("db", "app.sqlite");
        settings["BACKUP_STOP_SERVICES"] = "app,worker";
        settings["BACKUP_STOP_WAIT"] = settings["BACKUP_START_WAIT"] = "0";
        settings["COMPOSE_PROJECT_NAME"] = Name;
        settings["DOCKER_HOST"] = Engine.Host.AbsoluteUri;
        settings["BACKUP_SUCCESS_WEBHOOK"] = _told.Url + "/ok";
        settings["BACKUP_FAILURE_WEBHOOK"] = _told.Url + "/fail";
        settings["BACKUP_RETENTION_DAYS"] = "0";
        settings["BACKUP_RETENTION_RECENT"] = "3";
        if (!_places.Local)
            settings["BACKUP_LOCAL_PATH"] = null;
        if (!_places.Encrypted)
            settings["BACKUP_ENCRYPTION_KEY"] = null;
        if (!_places.S3)
            return;
        settings["BACKUP_S3_BUCKET"] = bucket;
        settings["BACKUP_S3_ENDPOINT"] = (await server.HttpAsync()).AbsoluteUri;
        settings["BACKUP_S3_ACCESS_KEY"] = "testkey";
        settings["BACKUP_S3_SECRET_KEY"] = SecretKey;
        settings["BACKUP_S3_PART_SIZE"] = "5M";
    }

    /// <summary>Gives every source a content that can be told from any other: a word, and bytes that nothing compresses.</summary>
    public async Task WriteSourcesAsync(string word)
    {
        foreach (var folder in new[] { "source", "etc", "db" })
        {
            if (Directory.Exists(PathOf(folder)))
                Directory.Delete(PathOf(folder), recursive: true);
            Directory.CreateDirectory(PathOf(folder));
        }
        for (var i = 0; i < 5; i++)
            await File.WriteAllTextAsync(PathOf("source", $"{word}-{i}.txt"), word, Cancellation);
        await File.WriteAllBytesAsync(PathOf("source", "large"), RandomNumberGenerator.GetBytes(6 << 20), Cancellation);
        await File.WriteAllTextAsync(PathOf("etc", "app.conf"), $"word = {word}\n", Cancellation);
        var sqlite = new Command("sqlite3", PathOf("db", "app.sqlite"), $"CREATE TABLE said (word, noise); INSERT INTO said VALUES ('{word}', randomblob(100000));");
        var (result, _) = await RunningProcess.RunAsync(sqlite, Cancellation);
        Assert.True(result.Succeeded, result.LastWords);
    }

    /// <summary>A text for each source that is the same exactly when the source is the same.</summary>
    public IReadOnlyDictionary<string, string> SourcesNow() => new[] { "source", "etc", "db" }.ToDictionary(
        folder => folder,
        folder => string.Join('\n', Directory.EnumerateFileSystemEntries(PathOf(folder), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => File.Exists(path) ? $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}" : path)));

    private IEnumerable<string> FoldersOfOurs() =>
        new[] { "source", "etc", "db", "staging" }.SelectMany(folder =>
            Directory.EnumerateFileSystemEntries(PathOf(folder), ".*"));
}
