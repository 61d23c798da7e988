using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using BackupSidecar.Failpoints;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// Sends one object, whole or not at all. Parts are read from the spool while it grows, four at a time, and each is sent
/// again by itself if it fails. What the server holds in the end is asked from the server, not believed from an answer.
/// </summary>
internal sealed class S3Upload(S3Connection connection, S3Folder folder, string name, ILogger log)
{
    private const int ParallelParts = 4;

    private readonly string _key = folder.KeyOf(name);
    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly S3Attempt _attempt = new($"write {folder.AddressOf(name)}", "s3:PutObject");
    private string? _uploadId;
    private UploadMark? _mark;

    /// <summary>Where uploads in parts are noted while they are under way; null for nowhere.</summary>
    public string? Marks { get; init; }

    /// <summary>Sends what the spool holds and will hold. The spool's failure is passed on as it is.</summary>
    public Task SendAsync(Spool spool, PartPlan plan, CancellationToken cancellation) => WholeOrNothingAsync(
        async () =>
        {
            try
            {
                await SendSpoolAsync(spool, plan, cancellation);
            }
            catch (StoreException) when (spool.Sealed.IsFaulted)
            {
                await spool.Sealed;
                throw;
            }
        });

    public Task SendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        WholeOrNothingAsync(() => PutAsync(() => new MemoryStream(content.ToArray()), content.Length, cancellation));

    private async Task SendSpoolAsync(Spool spool, PartPlan plan, CancellationToken cancellation)
    {
        var (length, isSealed) = await spool.WaitForAsync(plan.SizeOf(1) + 1, cancellation);
        if (isSealed && length <= plan.SizeOf(1))
            await PutAsync(() => spool.OpenRead(0, length), length, cancellation);
        else
            await SendPartsAsync(spool, plan, cancellation);
    }

    private async Task WholeOrNothingAsync(Func<Task> send)
    {
        try
        {
            await send();
            _mark?.Remove();
        }
        catch (S3StoreException failure) when (failure.HadNoAnswer)
        {
            await UndoAsync(connection.Patience.UndoLimitWhenDead);
            throw;
        }
        catch
        {
            await UndoAsync(connection.Patience.UndoLimit);
            throw;
        }
        finally
        {
            _mark?.Dispose();
        }
    }

    private Task PutAsync(Func<Stream> open, long length, CancellationToken cancellation) => CommitAsync(
        async (s3, watch) =>
        {
            await using var body = watch.Follow(open(), connection.Patience.LongestSilence);
            MayFail.At(Failpoint.S3BeforePut, watch.Token);
            await s3.PutObjectAsync(
                new PutObjectRequest
                {
                    BucketName = connection.Bucket,
                    Key = _key,
                    InputStream = body,
                    ContentType = "application/octet-stream",
                    UseChunkEncoding = false,
                    DisablePayloadSigning = connection.IsEncrypted,
                    ChecksumSHA256 = await ChecksumAsync(body, watch.Token),
                    IfNoneMatch = Condition,
                    Metadata = { [S3Folder.OwnerMetadata] = _owner },
                },
                watch.Token);
            MayFail.At(Failpoint.S3AfterPut, watch.Token);
        },
        length,
        cancellation);

    private async Task SendPartsAsync(Spool spool, PartPlan plan, CancellationToken cancellation)
    {
        // Saves the sending; it is asked again when the object gets its name.
        await ThrowIfTakenAsync(cancellation);
        var start = new InitiateMultipartUploadRequest
        {
            BucketName = connection.Bucket,
            Key = _key,
            ContentType = "application/octet-stream",
            ChecksumAlgorithm = connection.SendsChecksums ? ChecksumAlgorithm.SHA256 : null,
            Metadata = { [S3Folder.OwnerMetadata] = _owner },
        };
        Mark();
        _uploadId = await BeginPartsAsync(start, cancellation);
        cancellation.ThrowIfCancellationRequested();
        MayFail.At(Failpoint.S3UploadBegun, cancellation);
        var sent = new ConcurrentBag<PartETag>();
        // The first part that fails for good ends the others and the waiting for more.
        await Parallel.ForEachAsync(
            FollowAsync(spool, plan, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelParts, CancellationToken = cancellation },
            async (part, stop) => sent.Add(await SendPartAsync(spool, part, stop)));
        var (length, _) = await spool.Sealed;
        if (await new UploadRivals(connection, _key, folder.AddressOf(name), log).HavePrecedenceAsync(_uploadId, cancellation))
            throw Taken("another run is uploading it");
        await CompleteAsync([.. sent.OrderBy(part => part.PartNumber)], length, cancellation);
    }

    /// <summary>Whoever gives up waits a moment for the id that is on its way: without it nothing can be removed.</summary>
    private async Task<string> BeginPartsAsync(InitiateMultipartUploadRequest start, CancellationToken cancellation)
    {
        using var unhurried = new CancellationTokenSource();
        await using var hurry = cancellation.Register(() => unhurried.CancelAfter(connection.Patience.UndoLimitWhenDead));
        return await connection.TryAsync(
            _attempt,
            async (s3, watch) =>
            {
                var upload = await s3.InitiateMultipartUploadAsync(start, watch.Token);
                S3Failures.ThrowIfNone(upload.UploadId, _attempt, connection);
                return upload.UploadId;
            },
            unhurried.Token);
    }

    private static async IAsyncEnumerable<Part> FollowAsync(
        Spool spool, PartPlan plan, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var part = new Part(1, 0, plan.SizeOf(1));
        while (true)
        {
            var (length, isSealed) = await spool.WaitForAsync(part.End, cancellation);
            if (length >= part.End)
                yield return part;
            else if (isSealed && length > part.Offset)
                yield return part with { Size = length - part.Offset };
            if (isSealed && length <= part.End)
                yield break;
            part = new Part(part.Number + 1, part.End, plan.SizeOf(part.Number + 1));
        }
    }

    private Task<PartETag> SendPartAsync(Spool spool, Part part, CancellationToken cancellation) => connection.TryAsync(
        _attempt,
        async (s3, watch) =>
        {
            await using var body = watch.Follow(spool.OpenRead(part.Offset, part.Size), connection.Patience.LongestSilence);
            var checksum = await ChecksumAsync(body, watch.Token);
            MayFail.At(Failpoint.S3BeforePart, watch.Token);
            var answer = await s3.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = connection.Bucket,
                    Key = _key,
                    UploadId = _uploadId,
                    PartNumber = part.Number,
                    PartSize = part.Size,
                    InputStream = body,
                    UseChunkEncoding = false,
                    DisablePayloadSigning = connection.IsEncrypted,
                    ChecksumSHA256 = checksum,
                },
                watch.Token);
            S3Failures.ThrowIfNone(answer.ETag, _attempt, connection);
            MayFail.At(Failpoint.S3AfterPart, watch.Token);
            return new PartETag(part.Number, answer.ETag) { ChecksumSHA256 = checksum };
        },
        cancellation);

    private Task CompleteAsync(List<PartETag> parts, long length, CancellationToken cancellation) => CommitAsync(
        async (s3, watch) =>
        {
            watch.Allow(connection.Patience.LongestCompletion);
            MayFail.At(Failpoint.S3BeforeComplete, watch.Token);
            await s3.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = connection.Bucket,
                    Key = _key,
                    UploadId = _uploadId,
                    PartETags = parts,
                    IfNoneMatch = Condition,
                },
                watch.Token);
            MayFail.At(Failpoint.S3AfterComplete, watch.Token);
        },
        length,
        cancellation);

    /// <summary>
    /// Makes the request that gives the object its name, until the server shows the object with our mark and our size. So an
    /// answer that was lost counts as success, a success that was none is found out, and our own retry is no taken name.
    /// </summary>
    private async Task CommitAsync(Func<IAmazonS3, SilenceWatch, Task> request, long length, CancellationToken cancellation)
    {
        var trouble = connection.NewTrouble();
        while (true)
        {
            // The condition closes the gap between this question and the request, where the server knows conditions;
            // some ignore them without a word, above all on completing an upload of parts.
            await ThrowIfTakenAsync(cancellation);
            var problem = await TryCommitAsync(request, cancellation);
            if (await folder.FindAsync(name, cancellation) is { } found)
            {
                Check(found, length);
                return;
            }
            if (problem is S3StoreException { RefusesCondition: true } && folder.TakesConditions)
            {
                folder.TakesConditions = false;
                continue;
            }
            if (!trouble.IsBearable(problem))
                throw problem;
            await trouble.WaitAsync(cancellation);
        }
    }

    /// <summary>Returns what is wrong if the object turns out not to be there.</summary>
    private async Task<StoreException> TryCommitAsync(Func<IAmazonS3, SilenceWatch, Task> request, CancellationToken cancellation)
    {
        try
        {
            await connection.OnceAsync(
                _attempt,
                async (s3, watch) =>
                {
                    await request(s3, watch);
                    return true;
                },
                cancellation);
            return new StoreException($"S3: cannot {_attempt.What}: the server reported success, but does not have it.", isTransient: true);
        }
        catch (StoreException exception)
        {
            return exception;
        }
    }

    private void Check(FoundObject found, long length)
    {
        if (found.Owner != _owner)
            throw Taken();
        if (found.Object.Bytes != length)
            throw new StoreException($"S3: {folder.AddressOf(name)} has {found.Object.Bytes} bytes there instead of {length}; it was given up.");
    }

    private async Task ThrowIfTakenAsync(CancellationToken cancellation)
    {
        if (await folder.FindAsync(name, cancellation) is { } found && found.Owner != _owner)
            throw Taken();
    }

    /// <summary>Leaves nothing of a failed upload, also where the failure was only that the answer got lost.</summary>
    private async Task UndoAsync(TimeSpan longest)
    {
        using var limit = new CancellationTokenSource(longest);
        try
        {
            if (_uploadId is not null)
                await folder.AbortAsync(_key, _uploadId, limit.Token);
            if (await folder.FindAsync(name, limit.Token) is { } found && found.Owner == _owner)
                await folder.DeleteAsync(name, limit.Token);
            // Whether one has begun whose id never came is for the sweep to find out.
            if (_uploadId is not null)
                _mark?.Remove();
        }
        catch (Exception exception) when (exception is StoreException or OperationCanceledException)
        {
            log.LogWarning(
                "What was sent of {Address} could not be removed; it will be swept after a day. {Reason}",
                folder.AddressOf(name),
                limit.IsCancellationRequested ? "The server does not answer." : exception.Message);
        }
    }

    /// <summary>Without the note a killed upload is swept as well, only a day later.</summary>
    private void Mark()
    {
        try
        {
            _mark = Marks is null ? null : UploadMark.Make(Marks, new PartsUpload(connection.Bucket, _key));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogDebug("The upload of {Address} could not be noted in {Folder}: {Problem}", folder.AddressOf(name), Marks, failure.Message);
        }
    }

    private async Task<string?> ChecksumAsync(Stream body, CancellationToken cancellation)
    {
        if (!connection.SendsChecksums)
            return null;
        var digest = await SHA256.HashDataAsync(body, cancellation);
        body.Position = 0;
        return Convert.ToBase64String(digest);
    }

    private string? Condition => folder.TakesConditions ? "*" : null;

    private StoreNameTakenException Taken(string reason = "it is there already") =>
        new($"S3: cannot {_attempt.What}: {reason}, and nothing is ever overwritten.");

    private readonly record struct Part(int Number, long Offset, long Size)
    {
        public long End => Offset + Size;
    }
}
