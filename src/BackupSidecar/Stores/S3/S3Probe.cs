using System.Net;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Stores.S3;

/// <summary>Tries each right that a backup needs, so that what is missing is known before anything is stopped.</summary>
internal sealed class S3Probe(S3Connection connection, S3Folder folder, TimeProvider clock, ILogger log)
{
    private const int MostWrites = 4;

    private static readonly TimeSpan NotableSkew = TimeSpan.FromMinutes(2);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await ListAsync(cancellation);
        var key = $"{folder.Prefix}.probe-{Guid.NewGuid():N}";
        await PutAndLookAsync(key, cancellation);
        await DeleteAsync(key, cancellation);
        if (connection.ClockSkew is { } skew && skew.Duration() > NotableSkew)
            log.LogWarning("The clock of this machine and that of {Host} differ{Skew}; S3 refuses more than 15 minutes.", connection.Endpoint.Host, S3Failures.DescribeSkew(skew));
    }

    private async Task ListAsync(CancellationToken cancellation) => await connection.TryAsync(
        new S3Attempt($"list {folder.Location}", "s3:ListBucket"),
        (s3, watch) => s3.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = connection.Bucket, Prefix = folder.Prefix, MaxKeys = 1 }, watch.Token),
        cancellation);

    /// <summary>A success that was none, or a server that shows late what it has taken: both pass, so it is written again.</summary>
    private async Task PutAndLookAsync(string key, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            await PutAsync(key, cancellation);
            try
            {
                await LookAsync(key, cancellation);
                return;
            }
            catch (S3StoreException missing) when (missing.Status == HttpStatusCode.NotFound)
            {
                if (tries == MostWrites)
                    throw new StoreException($"{folder.Location} takes what is written, and does not have it afterwards: {missing.Message}", cause: missing);
                await Task.Delay(connection.Patience.WaitAfter(tries), clock, cancellation);
            }
        }
    }

    private async Task PutAsync(string key, CancellationToken cancellation) => await connection.TryAsync(
        new S3Attempt($"write to {folder.Location}", "s3:PutObject"),
        (s3, watch) => s3.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = connection.Bucket,
                Key = key,
                ContentBody = "probe",
                UseChunkEncoding = false,
                DisablePayloadSigning = connection.IsEncrypted,
            },
            watch.Token),
        cancellation);

    /// <summary>Every upload is looked at afterwards: without this right none would count as stored.</summary>
    private async Task LookAsync(string key, CancellationToken cancellation) => await connection.TryAsync(
        new S3Attempt($"look at what is in {folder.Location}", "s3:GetObject"),
        (s3, watch) => s3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = connection.Bucket, Key = key }, watch.Token),
        cancellation);

    private async Task DeleteAsync(string key, CancellationToken cancellation)
    {
        try
        {
            await connection.TryAsync(
                new S3Attempt($"remove from {folder.Location}", "s3:DeleteObject"),
                (s3, watch) => s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = connection.Bucket, Key = key }, watch.Token),
                cancellation);
        }
        catch (S3StoreException exception) when (exception.Status == HttpStatusCode.Forbidden)
        {
            // An append-only destination is a good idea, and no fault.
            log.LogInformation("{Location} is append-only for these credentials: backups can be written, but not removed by retention.", folder.Location);
        }
    }
}
