using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Connections that break, stall, lose or change bytes, and answers that are not true, in front of a real server.</summary>
public sealed class S3TransportTests(CephServer ceph) : FaultyServerTests(ceph)
{
    private const int Parts = 3;

    public static TheoryData<string> Busy => [.. Answers.Keys];

    private static readonly Dictionary<string, Fault.Answer> Answers = new()
    {
        ["500"] = Fault.Answer.Error(500, "InternalError"),
        ["502 of a proxy"] = new(502, "<html><body>Bad Gateway</body></html>"),
        ["503"] = Fault.Answer.Error(503, "ServiceUnavailable"),
        ["503 SlowDown"] = Fault.Answer.Error(503, "SlowDown"),
        ["503 SlowDown, Retry-After in seconds"] = Fault.Answer.Error(503, "SlowDown", ("Retry-After", "1")),
        ["503 SlowDown, Retry-After as a date"] = Fault.Answer.Error(503, "SlowDown", ("Retry-After", "Sat, 21 Nov 2026 03:00:00 GMT")),
        ["503 SlowDown, Retry-After that makes no sense"] = Fault.Answer.Error(503, "SlowDown", ("Retry-After", "soon")),
        ["504 without a word"] = new(504),
        ["429"] = Fault.Answer.Error(429, "TooManyRequests"),
        ["429, Retry-After"] = Fault.Answer.Error(429, "TooManyRequests", ("Retry-After", "1")),
        ["408"] = Fault.Answer.Error(408, "RequestTimeout"),
        ["400 RequestTimeout"] = Fault.Answer.Error(400, "RequestTimeout"),
    };

    /// <summary>Every fifth request fails, whichever it is.</summary>
    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Busy))]
    public async Task A_server_that_is_busy_at_every_fifth_request_gets_the_backup_and_few_more_requests(string answer)
    {
        var count = 0;
        await using var proxy = await ProxyAsync(_ => Interlocked.Increment(ref count) % 5 == 0 ? Answers[answer] : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool((Parts * PartSize) + 1);
        // Parts, start and end of the upload, three looks for the name and one for rivals.
        const int Needed = Parts + 1 + 2 + 4;

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
        Assert.InRange(proxy.Requests.Count, Needed, 3 * Needed);
    }

    public static TheoryData<string> Breaks => [.. Broken.Keys];

    private static readonly Dictionary<string, Fault> Broken = new()
    {
        ["before it"] = new Fault.Reset(),
        ["in the middle of it"] = new Fault.ResetInRequest(),
        ["after it"] = new Fault.LoseAnswer(),
        ["by silence in the middle"] = new Fault.StallRequest(),
        ["by an answer that is not the server's"] = new Fault.OtherAnswer(Fault.Answer.Error(500, "InternalError")),
        ["by a bit that changed on the way"] = new Fault.FlipRequest(),
    };

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Breaks))]
    public async Task A_part_whose_connection_breaks_is_sent_once_more_and_no_other(string how)
    {
        var breaks = 1;
        await using var proxy = await ProxyAsync(request => Part(request) == "2" && Interlocked.Decrement(ref breaks) >= 0 ? Broken[how] : null);
        using var store = Open(proxy.Endpoint, Quick with { LongestSilence = TimeSpan.FromSeconds(1), LongestTrouble = TimeSpan.FromSeconds(5) });
        using var spool = SealedSpool((Parts * PartSize) + 1);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
        Assert.Equal((1, 2, 1, 1), (Count(proxy, "partNumber=1&"), Count(proxy, "partNumber=2&"), Count(proxy, "partNumber=3&"), Count(proxy, "partNumber=4&")));
    }

    /// <summary>The first of the requests that begin or end an upload breaks, whichever of them it is.</summary>
    [Theory(Timeout = 600_000)]
    [InlineData("?uploads", "before it")]
    [InlineData("?uploads", "after it")]
    [InlineData("?uploads", "by an answer that is not the server's")]
    [InlineData("uploadId=", "before it")]
    [InlineData("uploadId=", "in the middle of it")]
    [InlineData("uploadId=", "after it")]
    [InlineData("uploadId=", "by an answer that is not the server's")]
    public async Task An_upload_is_begun_and_ended_although_the_connection_breaks(string request, string how)
    {
        // Whose upload gives way to whose is decided by names that the server draws: once would prove nothing.
        for (var round = 0; round < 4; round++)
        {
            var breaks = 1;
            await using var proxy = await ProxyAsync(each => each.HttpMethod == "POST" && each.RawUrl.Contains(request, StringComparison.Ordinal) && Interlocked.Decrement(ref breaks) >= 0 ? Broken[how] : null);
            using var store = Open(proxy.Endpoint);
            using var spool = SealedSpool(PartSize + 1);

            await store.UploadAsync(Archive, spool, Token);

            Assert.True(breaks < 0);
            await AssertStoredAsync(spool);
            await store.DeleteAsync(Archive, Token);
        }
    }

    [Theory(Timeout = 600_000)]
    [InlineData(1000)]
    [InlineData(PartSize + 1)]
    public async Task When_every_answer_to_the_last_request_is_lost_there_is_one_object_and_it_counts_as_stored(int size)
    {
        var last = size > PartSize ? "POST" : "PUT";
        await using var proxy = await ProxyAsync(request => request.HttpMethod == last && !IsStart(request) ? new Fault.LoseAnswer() : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(size);

        await store.UploadAsync(Archive, spool, Token);
        await store.PutAsync(Archive + ".manifest.json", new byte[10], Token);

        await AssertStoredAsync(spool);
        Assert.Equal([Archive, Archive + ".manifest.json"], (await store.ListAsync(Token).ToListAsync(Token)).Select(found => found.Name).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task An_upload_that_is_given_up_while_the_server_begins_it_leaves_nothing_there()
    {
        using var giveUp = new CancellationTokenSource();
        await using var proxy = await ProxyAsync(request =>
        {
            if (!IsStart(request))
                return null;
            giveUp.Cancel();
            return new Fault.Hold(Task.Delay(TimeSpan.FromMilliseconds(300), Token));
        });
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(PartSize + 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.UploadAsync(Archive, spool, giveUp.Token));

        // The server may come to it only then.
        await Task.Delay(TimeSpan.FromSeconds(1), Token);
        await AssertNothingLeftAsync();
    }

    [Theory(Timeout = 600_000)]
    [InlineData("<?xml version=\"1.0\"?><CompleteMultipartUploadResult><Location>http://x</Loca")]
    [InlineData("<html>")]
    [InlineData("\n\n   \n")]
    public async Task A_success_that_breaks_off_is_told_apart_by_what_the_server_holds(string body)
    {
        // Once it is a success, and once it is none.
        foreach (var isTrue in new[] { true, false })
        {
            var answer = new Fault.Answer(200, body);
            await using var proxy = await ProxyAsync(request => !IsComplete(request) ? null : isTrue ? new Fault.OtherAnswer(answer) : answer);
            using var store = Open(proxy.Endpoint);
            using var spool = SealedSpool(PartSize + 1);

            var failure = await Record.ExceptionAsync(() => store.UploadAsync(Archive, spool, Token));

            Assert.Equal(isTrue, failure is null);
            if (isTrue)
                await store.DeleteAsync(Archive, Token);
            await AssertNothingLeftAsync();
        }
    }

    [Theory(Timeout = 600_000)]
    [InlineData("   ")]
    [InlineData("<InitiateMultipartUploadResult><Bucket>b</Bucket></InitiateMultipartUploadResult>")]
    public async Task An_upload_that_got_no_id_is_begun_anew(string body)
    {
        var lies = 1;
        await using var proxy = await ProxyAsync(request => IsStart(request) && Interlocked.Decrement(ref lies) >= 0 ? new Fault.Answer(200, body) : null);
        using var store = Open(proxy.Endpoint);
        using var spool = SealedSpool(PartSize + 1);

        await store.UploadAsync(Archive, spool, Token);

        await AssertStoredAsync(spool);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_server_that_stores_another_bit_over_TLS_is_found_out_when_it_is_read()
    {
        using var certificate = Certificate();
        var caFile = Path.Combine(Staging, "ca.pem");
        await File.WriteAllTextAsync(caFile, certificate.ExportCertificatePem(), Token);
        await using var plain = await ProxyAsync(_ => null);
        foreach (var part in new[] { "1", "2", "3" })
        {
            await using var proxy = new FaultProxy(await Ceph.HttpAsync(), request => Part(request) == part ? new Fault.FlipRequest() : null, certificate);
            using var store = new S3Store(
                CephServer.Settings(proxy.Endpoint, Bucket) with { PartSize = PartSize, CaFile = caFile }, "app", Quick, TimeProvider.System, NullLogger.Instance);
            using var spool = SealedSpool((2 * PartSize) + 1);

            await store.UploadAsync(Archive, spool, Token);

            // Nothing but reading it shows this: the manifest's digest is not that of the object.
            await using var stored = await store.OpenReadAsync(Archive, Token);
            Assert.NotEqual((await spool.Sealed).Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(stored, Token)));
            await store.DeleteAsync(Archive, Token);
        }
    }

    public static TheoryData<string> BadReads => ["cut", "short", "stall", "flip", "whole in place of a range", "another range", "another range that does not say so", "packed", "packed and said so"];

    /// <summary>Each read is bad from first to last; what is read must be refused, or be what was written.</summary>
    [Theory(Timeout = 600_000)]
    [MemberData(nameof(BadReads))]
    public async Task What_is_not_what_was_asked_for_is_never_taken_for_it(string kind)
    {
        const int Size = 9 << 20;
        var content = Content(Size);
        await using var proxy = await ProxyAsync(request => request.Headers["Range"] is not null ? BadRead(kind, request, content) : null);
        using var store = Open(proxy.Endpoint, Quick with { LongestAnswer = TimeSpan.FromSeconds(1) });
        using var spool = SealedSpool(Size);
        await store.UploadAsync(Archive, spool, Token);

        var (digest, failure) = await ReadAsync(store);

        if (kind == "flip" || kind == "another range that does not say so")
            Assert.NotEqual((await spool.Sealed).Sha256, digest);
        else
            Assert.IsAssignableFrom<StoreException>(failure);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_body_that_is_cut_at_any_byte_is_read_to_its_end_all_the_same()
    {
        var random = LongRun.Random();
        const int Size = 300_000;
        var content = Content(Size);
        Fault? next = null;
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "GET" ? Interlocked.Exchange(ref next, null) : null);
        using var store = Open(proxy.Endpoint);
        await store.PutAsync(Archive, content, Token);

        for (var cut = 0; cut < LongRun.Of(20, 200); cut++)
        {
            var at = random.Next(Size);
            next = new Fault.Cut(at, IsTold: cut % 2 == 1);
            var (digest, failure) = await ReadAsync(store);

            // A server that gives less and says so has changed the object, as far as anyone can see: that is an error at once.
            Assert.True(failure is StoreException || digest == Convert.ToHexStringLower(SHA256.HashData(content)), $"BACKUP_TEST_SEED={LongRun.Seed}: cut at {at}: {failure}");
            Assert.Null(next);
        }
    }

    private static async Task<(string? Digest, Exception? Failure)> ReadAsync(S3Store store)
    {
        string? digest = null;
        var failure = await Record.ExceptionAsync(async () =>
        {
            await using var stream = await store.OpenReadAsync(Archive, Token);
            digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, Token));
        });
        return (digest, failure);
    }

    private static Fault BadRead(string kind, ProxiedRequest request, byte[] content)
    {
        var bounds = request.Headers["Range"]!["bytes=".Length..].Split('-').Select(int.Parse).ToList();
        var (from, length) = (bounds[0], Math.Min(bounds[1], content.Length - 1) - bounds[0] + 1);
        var other = from == 0 ? 1 : from - 1;
        return kind switch
        {
            "cut" => new Fault.Cut(0, IsTold: false),
            "short" => new Fault.ShortBody(),
            "stall" => new Fault.StallAnswer(),
            "flip" => new Fault.FlipAnswer(),
            "whole in place of a range" => new Fault.Answer(200, content, ("ETag", "\"1\"")),
            "another range" => Ranged(other, length, content, said: other),
            "another range that does not say so" => Ranged(other, length, content, said: from),
            "packed" => new Fault.Answer(206, Pack(content.AsSpan(from, length)), Range(from, length, content)),
            _ => new Fault.Answer(206, Pack(content.AsSpan(from, length)), Range(from, length, content), ("Content-Encoding", "gzip")),
        };
    }

    private static Fault.Answer Ranged(int from, int length, byte[] content, int said)
    {
        var body = new byte[length];
        content.AsSpan(from, Math.Min(length, content.Length - from)).CopyTo(body);
        return new Fault.Answer(206, body, Range(said, length, content), ("ETag", "\"1\""));
    }

    private static (string Name, string Value) Range(int from, int length, byte[] content) => ("Content-Range", $"bytes {from}-{from + length - 1}/{content.Length}");

    private static byte[] Pack(ReadOnlySpan<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>For a proxy that speaks TLS, where bodies are not signed.</summary>
    internal static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
