using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Rights that are missing or get lost in the middle, and clocks that differ.</summary>
public sealed class S3RightsTests(CephServer ceph) : FaultyServerTests(ceph)
{
    public static TheoryData<string, string, string> Refusals => new()
    {
        { "AccessDenied", "s3:PutObject", "begin" },
        { "AccessDenied", "s3:PutObject", "part" },
        { "AccessDenied", "s3:PutObject", "end" },
        { "ExpiredToken", "session token", "part" },
        { "InvalidToken", "session token", "end" },
        { "InvalidAccessKeyId", "BACKUP_S3_ACCESS_KEY", "part" },
        { "SignatureDoesNotMatch", "BACKUP_S3_SECRET_KEY", "part" },
        { "RequestTimeTooSkewed", "clock", "part" },
        { "QuotaExceeded", "quota", "end" },
    };

    /// <summary>From that request on nothing is allowed any more, but to tidy up.</summary>
    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Refusals))]
    public async Task What_is_refused_in_the_middle_of_an_upload_ends_it_with_the_cause_and_without_a_loop(string code, string expected, string when)
    {
        var refused = 0;
        await using var proxy = await ProxyAsync(request => Is(when, request) && Interlocked.Increment(ref refused) > 0 ? Fault.Answer.Error(403, code) : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool((5 * PartSize) + 1);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsTransient);
        // Four parts are on their way at once, and the SDK itself tries once more what it may be able to repair.
        Assert.InRange(refused, 1, 8);
        await AssertNothingLeftAsync();
    }

    [Theory(Timeout = 600_000)]
    [InlineData(-1440)]
    [InlineData(-16)]
    [InlineData(16)]
    [InlineData(1440)]
    public async Task How_far_the_clocks_differ_is_measured(int minutes)
    {
        var server = DateTimeOffset.UtcNow.AddMinutes(minutes).ToString("r");
        await using var proxy = await ProxyAsync(_ => Fault.Answer.Error(403, "RequestTimeTooSkewed", ("Date", server)));
        using var store = Open(proxy.Endpoint);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.Matches($@"the server's is {Math.Abs(minutes)}(\.\d)? min {(minutes > 0 ? "ahead" : "behind")}|the server's is {Math.Abs(minutes) - 1}\.9 min", failure.Message);
        Assert.InRange(proxy.Requests.Count, 1, 4);
    }

    [Fact(Timeout = 600_000)]
    public async Task Without_the_right_to_abort_a_failed_upload_is_told_and_left_to_the_sweep()
    {
        var log = new Log();
        await using var proxy = await ProxyAsync(request =>
            Part(request) == "2" ? Fault.Answer.Error(403, "QuotaExceeded")
            : request.HttpMethod == "DELETE" ? Fault.Answer.Error(403, "AccessDenied")
            : null);
        using var store = Open(proxy.Endpoint, log: log);
        using var spool = SealedSpool((2 * PartSize) + 1);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        Assert.Contains("quota", failure.Message, StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.Contains("s3:AbortMultipartUpload", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task Without_the_right_to_look_at_unfinished_uploads_backups_are_made()
    {
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "GET" && request.RawUrl.Contains("uploads", StringComparison.Ordinal) ? Fault.Answer.Error(403, "AccessDenied") : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(PartSize + 1);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
    }

    [Fact(Timeout = 600_000)]
    public async Task Where_nothing_may_be_removed_backups_succeed_and_retention_only_tells()
    {
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "DELETE" ? Fault.Answer.Error(403, "AccessDenied") : null);
        using var program = Program(proxy);
        program.Settings["BACKUP_LOCAL_PATH"] = null;
        program.Settings["BACKUP_RETENTION_RECENT"] = "1";
        program.Settings["BACKUP_RETENTION_DAILY"] = "0";
        program.Settings["BACKUP_RETENTION_WEEKLY"] = "0";
        program.Settings["BACKUP_RETENTION_MIN"] = "1";

        for (var backup = 1; backup <= 3; backup++)
        {
            var ended = await program.RunAsync("backup");
            Assert.True(ended.ExitCode == 0, ended.Everything);
            Assert.Equal(backup > 1, ended.Everything.Contains("s3:DeleteObject", StringComparison.Ordinal));
        }
        var prune = await program.RunAsync("prune");
        var list = (await program.RunAsync("list", "--json")).Json.EnumerateArray().Select(each => each.GetProperty("state").GetString());
        var verify = await program.RunAsync("verify", "--all");

        Assert.Contains("s3:DeleteObject", prune.Everything, StringComparison.Ordinal);
        Assert.Equal(["complete", "complete", "complete"], list);
        Assert.Equal(0, verify.ExitCode);
    }

    [Fact(Timeout = 600_000)]
    public async Task While_one_store_is_down_the_other_gets_its_copy_and_after_it_both_do_and_what_was_missed_as_well()
    {
        var isDown = true;
        await using var proxy = await ProxyAsync(_ => isDown ? new Fault.Reset() : null);
        using var program = Program(proxy);
        program.Settings["BACKUP_S3_PART_SIZE"] = "5M";
        await WriteAsync(program, "written while the server was down");

        var serverDown = await program.RunAsync("backup");
        isDown = false;
        await WriteAsync(program, "written while all was well");
        var serverUp = await program.RunAsync("backup");
        var stores = await StoresAsync(program);
        Directory.Move(program.Path("store"), program.Path("unmounted"));
        await File.WriteAllTextAsync(program.Path("store"), "", Token);
        await WriteAsync(program, "written while the folder was away");
        var folderDown = await program.RunAsync("backup");
        File.Delete(program.Path("store"));
        Directory.Move(program.Path("unmounted"), program.Path("store"));
        var folderUp = await program.RunAsync("backup");

        Assert.True((serverDown.ExitCode, serverUp.ExitCode) == (3, 0), serverDown.Everything + serverUp.Everything);
        Assert.Equal(["local s3", "local s3"], stores);
        Assert.True((folderDown.ExitCode, folderUp.ExitCode) == (3, 0), folderDown.Everything + folderUp.Everything);
        Assert.Equal(["local s3", "local s3", "local s3", "local s3"], await StoresAsync(program));
        Assert.Equal(["partial", "succeeded", "partial", "succeeded"], Outcomes(program));
        var archives = (await program.RunAsync("list", "--json")).Json.EnumerateArray().Select(each => each.GetProperty("archive").GetString()!).ToList(); // Each has one.
        await AssertRestoredAsync(program, archives[3], "s3", "written while the server was down");
        await AssertRestoredAsync(program, archives[1], "local", "written while the folder was away");
        Assert.Empty(Directory.EnumerateFileSystemEntries(program.Path("staging")));
    }

    /// <summary>A few parts that nothing compresses, and some words.</summary>
    private static async Task WriteAsync(BuiltProgram program, string words)
    {
        await File.WriteAllBytesAsync(program.Path("source", "noise"), RandomNumberGenerator.GetBytes(11 << 20), Token);
        await File.WriteAllTextAsync(program.Path("source", "letter.txt"), words, Token);
    }

    private static async Task<IReadOnlyList<string>> StoresAsync(BuiltProgram program) =>
    [
        .. (await program.RunAsync("list", "--json")).Json.EnumerateArray()
            .Select(each => string.Join(' ', each.GetProperty("stores").EnumerateArray().Select(copy => copy.GetProperty("store").GetString()))),
    ];

    private static async Task AssertRestoredAsync(BuiltProgram program, string archive, string store, string words)
    {
        var folder = program.Path($"restored-{store}");
        var restored = await program.RunAsync("restore", archive, "--from", store, "--to", folder, "--yes");
        Assert.True(restored.ExitCode == 0, restored.Everything);
        Assert.Equal(words, await File.ReadAllTextAsync(Path.Combine(folder, "data", "letter.txt"), Token));
    }

    private static List<string?> Outcomes(BuiltProgram program) =>
    [
        .. program.History.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("outcome").GetString()?.ToLowerInvariant()),
    ];

    private BuiltProgram Program(FaultProxy proxy)
    {
        var program = new BuiltProgram();
        foreach (var (name, value) in CephServer.Variables(proxy.Endpoint, Bucket))
            program.Settings[name] = value;
        return program;
    }

    private static bool Is(string when, ProxiedRequest request) => when switch
    {
        "begin" => IsStart(request),
        "part" => Part(request) is { } number && int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) >= 2,
        _ => IsComplete(request),
    };
}
