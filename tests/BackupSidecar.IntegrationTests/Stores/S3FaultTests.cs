using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Uploads and downloads through a proxy that misbehaves in front of a real server.</summary>
public sealed class S3FaultTests(CephServer ceph) : FaultyServerTests(ceph)
{
    [Fact]
    public async Task A_part_that_fails_is_sent_again_by_itself()
    {
        var failures = 3;
        await using var proxy = await ProxyAsync(request => Part(request) == "2" && Interlocked.Decrement(ref failures) >= 0 ? Fault.Answer.Error(500, "InternalError") : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool((3 * PartSize) + 1);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
        Assert.Equal((1, 4), (Count(proxy, "partNumber=1"), Count(proxy, "partNumber=2")));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("in a second")]
    public async Task A_server_that_says_when_to_come_back_is_not_asked_before(string wait)
    {
        var now = DateTimeOffset.UtcNow;
        (string, string)[] headers = wait == "1" ? [("Retry-After", wait)] : [("Date", now.ToString("r")), ("Retry-After", now.AddSeconds(1).ToString("r"))];
        var tries = new ConcurrentQueue<long>();
        await using var proxy = await ProxyAsync(request =>
        {
            if (Part(request) == "2")
                tries.Enqueue(Stopwatch.GetTimestamp());
            return Part(request) == "2" && tries.Count == 1 ? Fault.Answer.Error(503, "SlowDown", headers) : null;
        });
        using var store = Open(proxy.Endpoint, Quick with { LongestAsked = TimeSpan.FromMinutes(1) });
        using var spool = SealedSpool(PartSize + 1);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
        Assert.Equal(2, tries.Count);
        // Timers are a few milliseconds early at times.
        Assert.True(Stopwatch.GetElapsedTime(tries.First(), tries.Last()) > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task A_part_that_keeps_failing_fails_the_upload_and_leaves_nothing()
    {
        await using var proxy = await ProxyAsync(request => Part(request) == "2" ? Fault.Answer.Error(503, "SlowDown") : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool((3 * PartSize) + 1);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        Assert.True(failure.IsTransient);
        Assert.Contains("SlowDown", failure.Message, StringComparison.Ordinal);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_part_that_fails_for_good_ends_the_upload_although_the_spool_still_grows()
    {
        await using var proxy = await ProxyAsync(request => Part(request) == "1" ? Fault.Answer.Error(403, "AccessDenied") : null);
        using var store = Open(proxy.Endpoint);
        using var spool = NewSpool();
        spool.Writer.Write(new byte[PartSize + 1]);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        Assert.Contains("s3:PutObject", failure.Message, StringComparison.Ordinal);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Success_whose_answer_was_lost_is_success_for_parts_together()
    {
        await using var proxy = await ProxyAsync(request => IsComplete(request) ? new Fault.LoseAnswer() : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(2 * PartSize);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
    }

    [Fact]
    public async Task Success_whose_answer_was_lost_is_success_for_a_single_request()
    {
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "PUT" ? new Fault.LoseAnswer() : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(1000);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
    }

    [Fact]
    public async Task An_error_inside_of_a_success_is_found_out_and_tried_again()
    {
        var failures = 2;
        await using var proxy = await ProxyAsync(request => IsComplete(request) && Interlocked.Decrement(ref failures) >= 0 ? Fault.Answer.Error(200, "InternalError") : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(2 * PartSize);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
        Assert.True(failures < 0);
    }

    [Theory]
    [InlineData("<Error><Code>InternalError</Code><Message>injected</Message></Error>")]
    [InlineData("<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>")]
    [InlineData("   ")]
    [InlineData("")]
    public async Task A_success_that_never_becomes_true_is_a_failure_and_leaves_nothing(string body)
    {
        await using var proxy = await ProxyAsync(request => IsComplete(request) ? new Fault.Answer(200, body) : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(2 * PartSize);

        await Assert.ThrowsAnyAsync<StoreException>(() => store.UploadAsync(Archive, spool, Token));

        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_server_that_dies_during_the_upload_ends_it_in_bounded_time()
    {
        var proxy = await ProxyAsync(_ => null);
        // Undoing at a server that still lives may take longer than this test allows.
        using var store = Open(proxy.Endpoint, Quick with { UndoLimit = TimeSpan.FromHours(1), LongestTrouble = TimeSpan.FromSeconds(2) });
        using var spool = NewSpool();
        spool.Writer.Write(new byte[PartSize + 1]);
        var upload = store.UploadAsync(Archive, spool, Token);
        await proxy.AnsweredAsync(1, "uploads", Token);

        await proxy.DisposeAsync();
        spool.Writer.Write(new byte[3 * PartSize]);
        spool.Seal();

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => upload.WaitAsync(TimeSpan.FromMinutes(1), Token));
        Assert.True(failure.IsTransient, failure.ToString());
        Assert.Contains($"127.0.0.1:{proxy.Endpoint.Port}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "PUT" ? new Fault.Silence() : null);
        using var store = Open(proxy.Endpoint, Quick with { LongestTrouble = TimeSpan.Zero, LongestSilence = TimeSpan.FromMilliseconds(500) });

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.PutAsync(Archive, new byte[10], Token));

        Assert.True(failure.IsTransient);
        Assert.Contains("silent", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(501, "NotImplemented")]
    [InlineData(400, "InvalidArgument")]
    public async Task A_server_without_conditional_writes_is_asked_first(int status, string code)
    {
        await using var proxy = await ProxyAsync(request => request.Headers["If-None-Match"] is not null ? Fault.Answer.Error(status, code) : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(2 * PartSize);

        await store.UploadAsync(Archive, spool, Token);
        await store.PutAsync(Archive + ".manifest.json", new byte[10], Token);

        await AssertStoredAsync(spool);
        await Assert.ThrowsAsync<StoreNameTakenException>(() => store.PutAsync(Archive, new byte[1], Token));
        await Assert.ThrowsAsync<StoreNameTakenException>(() => store.UploadAsync(Archive, spool, Token));
    }

    [Fact]
    public async Task Of_two_uploads_of_one_name_at_the_same_time_one_gives_way()
    {
        await using var proxy = await ProxyAsync(_ => null);
        using var store = Open(proxy.Endpoint);
        Spool[] spools = [NewSpool(), new(Staging, ".other.partial", null)];
        foreach (var spool in spools)
            spool.Writer.Write(new byte[PartSize + 1]);
        Task[] uploads = [.. spools.Select(spool => store.UploadAsync(Archive, spool, Token))];
        using var admin = await Ceph.AdminAsync();
        while ((await admin.ListMultipartUploadsAsync(Bucket, Token)).MultipartUploads is not { Count: 2 })
            await Task.Yield();

        for (var i = 0; i < spools.Length; i++)
        {
            spools[i].Writer.Write([(byte)i]);
            spools[i].Seal();
        }
        await Task.WhenAll(uploads).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        var winner = Assert.Single(spools.Zip(uploads), upload => upload.Second.IsCompletedSuccessfully);
        await AssertStoredAsync(winner.First);
        Assert.IsType<StoreNameTakenException>(Assert.Single(uploads, upload => upload.IsFaulted).Exception!.InnerException);
        Array.ForEach(spools, spool => spool.Dispose());
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var stranger = await ProxyAsync(_ => null);
        await using var proxy = await ProxyAsync(_ => new Fault.Answer(307, location: stranger.Endpoint.AbsoluteUri));
        using var store = Open(proxy.Endpoint);

        await Assert.ThrowsAnyAsync<StoreException>(() => store.PutAsync(Archive, new byte[10], Token));
        await Assert.ThrowsAnyAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.Empty(stranger.Requests);
    }

    [Fact]
    public async Task A_download_goes_on_where_it_broke_off()
    {
        var cuts = 3;
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "GET" && Interlocked.Decrement(ref cuts) >= 0 ? new Fault.CutBody() : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(PartSize);
        await store.UploadAsync(Archive, spool, Token);

        await using var stream = await store.OpenReadAsync(Archive, Token);
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, Token));

        Assert.Equal((await spool.Sealed).Sha256, digest);
        Assert.True(cuts < 0);
    }

    [Fact]
    public async Task A_download_that_never_comes_to_its_end_is_an_error()
    {
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "GET" ? Fault.Answer.Error(503, "SlowDown") : null);
        using var store = Open(proxy.Endpoint);
        await store.PutAsync(Archive, new byte[1000], Token);

        await Assert.ThrowsAnyAsync<StoreException>(() => store.OpenReadAsync(Archive, Token));
    }

    [Fact]
    public async Task A_download_of_an_object_that_changes_meanwhile_is_an_error()
    {
        var changed = new TaskCompletionSource();
        var isFirst = 1;
        await using var proxy = await ProxyAsync(request => request.HttpMethod != "GET" ? null
            : Interlocked.Exchange(ref isFirst, 0) == 1 ? new Fault.CutBody()
            : new Fault.Hold(changed.Task));
        using var store = Open(proxy.Endpoint);
        await store.PutAsync(Archive, new byte[1000], Token);
        await using var stream = await store.OpenReadAsync(Archive, Token);
        using (var admin = await Ceph.AdminAsync())
            await admin.PutObjectAsync(new() { BucketName = Bucket, Key = $"app/{Archive}", ContentBody = new string('x', 1000), UseChunkEncoding = false }, Token);
        changed.SetResult();

        await Assert.ThrowsAnyAsync<StoreException>(() => stream.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task A_large_download_takes_each_byte_once_and_four_ranges_at_a_time_however_the_answers_come()
    {
        const int Size = (5 * 8 << 20) + 1;
        var first = new TaskCompletionSource();
        var cuts = 1;
        var ranges = new ConcurrentQueue<string>();
        await using var proxy = await ProxyAsync(request =>
        {
            if (request.Headers["Range"] is not { } range)
                return null;
            ranges.Enqueue(range);
            return range.StartsWith("bytes=8388608-", StringComparison.Ordinal) ? new Fault.Hold(first.Task)
                : range.StartsWith("bytes=16777216-", StringComparison.Ordinal) && Interlocked.Decrement(ref cuts) >= 0 ? new Fault.CutBody()
                : null;
        });
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(Size);
        await store.UploadAsync(Archive, spool, Token);

        await using var stream = await store.OpenReadAsync(Archive, Token);
        var digest = SHA256.HashDataAsync(stream, Token);
        // The second range is stuck: the next ones come all the same, as many as there is room for, and the broken one anew.
        while (ranges.Count < 6)
            await Task.Delay(10, Token);
        first.SetResult();

        Assert.Equal((await spool.Sealed).Sha256, Convert.ToHexStringLower(await digest));
        Assert.Equal(
            [
                "bytes=0-8388607", "bytes=16777216-25165823", "bytes=20971520-25165823", "bytes=25165824-33554431",
                "bytes=33554432-41943039", "bytes=41943040-41943040", "bytes=8388608-16777215",
            ],
            ranges.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_large_download_that_is_given_up_in_the_middle_ends_at_once()
    {
        await using var proxy = await ProxyAsync(request => request.Headers["Range"] is { } range && !range.StartsWith("bytes=0-", StringComparison.Ordinal) ? new Fault.Silence() : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(5 * 8 << 20);
        await store.UploadAsync(Archive, spool, Token);
        var stream = await store.OpenReadAsync(Archive, Token);
        await stream.ReadExactlyAsync(new byte[8 << 20], Token);
        using var giveUp = new CancellationTokenSource();
        var stuck = stream.ReadAsync(new byte[1], giveUp.Token).AsTask();
        await proxy.RequestedAsync(5, "GET", Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
        await stream.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task A_list_that_does_not_go_on_is_an_error_and_no_part_of_the_truth()
    {
        const string Page = """
            <ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>
            <Contents><Key>app/app-1</Key><Size>1</Size><LastModified>2026-11-20T03:00:00.000Z</LastModified></Contents></ListBucketResult>
            """;
        await using var proxy = await ProxyAsync(_ => new Fault.Answer(200, Page));
        using var store = Open(proxy.Endpoint);

        await Assert.ThrowsAsync<StoreException>(async () => await store.ListAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task A_list_that_breaks_off_is_an_error()
    {
        await using var proxy = await ProxyAsync(request => request.RawUrl!.Contains("continuation-token", StringComparison.Ordinal) ? Fault.Answer.Error(403, "AccessDenied") : new Fault.Answer(200, """
            <ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>two</NextContinuationToken></ListBucketResult>
            """));
        using var store = Open(proxy.Endpoint);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(async () => await store.ListAsync(Token).ToListAsync(Token));

        Assert.Contains("s3:ListBucket", failure.Message, StringComparison.Ordinal);
    }
}
