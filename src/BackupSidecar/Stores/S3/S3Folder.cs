using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace BackupSidecar.Stores.S3;

/// <summary>An object as a HEAD request shows it. <see cref="Owner"/> is the mark of the upload that wrote it, or null.</summary>
internal sealed record FoundObject(StoredObject Object, string? Owner);

/// <summary>The keys below one folder, and the requests that look at or remove single ones.</summary>
internal sealed class S3Folder(S3Connection connection, StoreFolder folder)
{
    /// <summary>The metadata that says which upload wrote an object, so that a lost answer can be told from a taken name.</summary>
    public const string OwnerMetadata = "backup-upload";

    /// <summary>Whether the server is known to take conditional writes; assumed until it refuses one.</summary>
    public bool TakesConditions { get; set; } = true;

    public string Prefix { get; } = folder.Path.Length == 0 ? "" : folder.Path + "/";

    public string Location => $"s3://{connection.Bucket}/{folder.Path}".TrimEnd('/');

    public string KeyOf(string name) => Prefix + folder.Check(name);

    /// <summary>Whether a key is that of one of our backups, or of what belongs to one.</summary>
    public bool MayOwn(string key) => key.StartsWith(Prefix, StringComparison.Ordinal) && folder.MayOwn(key[Prefix.Length..]);

    public string AddressOf(string name) => $"{Location}/{name}";

    public async Task<FoundObject?> FindAsync(string name, CancellationToken cancellation)
    {
        var request = new GetObjectMetadataRequest { BucketName = connection.Bucket, Key = KeyOf(name) };
        var attempt = new S3Attempt($"look at {AddressOf(name)}", "s3:GetObject");
        try
        {
            var found = await connection.TryAsync(
                attempt,
                async (s3, watch) =>
                {
                    var answer = await s3.GetObjectMetadataAsync(request, watch.Token);
                    S3Failures.ThrowIfNone(answer.ETag, attempt, connection);
                    return answer;
                },
                cancellation);
            return new FoundObject(new StoredObject(name, found.ContentLength, Instant(found.LastModified)), found.Metadata[OwnerMetadata]);
        }
        catch (S3StoreException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>See <see cref="IBackupStore.ChecksumAsync"/>.</summary>
    public async Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation)
    {
        var request = new GetObjectMetadataRequest { BucketName = connection.Bucket, Key = KeyOf(name), ChecksumMode = ChecksumMode.ENABLED };
        var attempt = new S3Attempt($"ask for the checksum of {AddressOf(name)}", "s3:GetObject");
        try
        {
            var answer = await connection.TryAsync(attempt, (s3, watch) => s3.GetObjectMetadataAsync(request, watch.Token), cancellation);
            return ServerChecksum.In(answer, isSha256Ours: connection.SendsChecksums);
        }
        catch (S3StoreException refused) when (!refused.IsTransient)
        {
            // A server may not know the question, or ask for the right to decrypt: then there is none to be had.
            return null;
        }
    }

    /// <summary>Every object in the folder whose name begins so, page by page.</summary>
    public async IAsyncEnumerable<StoredObject> ListAsync(string beginning, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = connection.Bucket, Prefix = Prefix + beginning, Delimiter = folder.IsDeep ? null : "/" };
        var attempt = new S3Attempt($"list {Location}", "s3:ListBucket");
        HashSet<string> tokens = [];
        while (true)
        {
            var page = await connection.TryAsync(
                attempt,
                async (s3, watch) =>
                {
                    var answer = await s3.ListObjectsV2Async(request, watch.Token);
                    // An answer without a word would be a list without an entry.
                    S3Failures.ThrowIfNone(answer.IsTruncated, attempt, connection);
                    return answer;
                },
                cancellation);
            foreach (var found in page.S3Objects ?? [])
            {
                if (ObjectNames.IsFinal(found.Key[Prefix.Length..], folder.IsDeep))
                    yield return new StoredObject(found.Key[Prefix.Length..], found.Size ?? 0, Instant(found.LastModified));
            }
            if (page.IsTruncated != true)
                yield break;
            // Without progress the list would either never end or silently be a part of the truth.
            if (string.IsNullOrEmpty(page.NextContinuationToken) || !tokens.Add(page.NextContinuationToken))
                throw new StoreException($"S3: cannot list {Location}: the server does not continue the list after {tokens.Count} pages.");
            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    public async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        var request = new DeleteObjectRequest { BucketName = connection.Bucket, Key = KeyOf(name) };
        await connection.TryAsync(
            new S3Attempt($"remove {AddressOf(name)}", "s3:DeleteObject"), (s3, watch) => s3.DeleteObjectAsync(request, watch.Token), cancellation);
    }

    public async Task AbortAsync(string key, string uploadId, CancellationToken cancellation)
    {
        var request = new AbortMultipartUploadRequest { BucketName = connection.Bucket, Key = key, UploadId = uploadId };
        try
        {
            await connection.TryAsync(
                new S3Attempt($"abort the upload of s3://{connection.Bucket}/{key}", "s3:AbortMultipartUpload"),
                (s3, watch) => s3.AbortMultipartUploadAsync(request, watch.Token),
                cancellation);
        }
        catch (S3StoreException exception) when (exception.IsNotFound)
        {
            // It is gone, which is what was wanted.
        }
    }

    private static DateTimeOffset Instant(DateTime? time) => new((time ?? DateTime.UnixEpoch).ToUniversalTime());
}
