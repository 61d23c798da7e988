using Amazon.S3.Model;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// Aborts multipart uploads of this backup that nobody sends any more, because the run of this machine that began them is dead,
/// or because they have been unfinished for a day; they cost money and are never seen in lists. Tries once: the next run sweeps again.
/// </summary>
internal sealed class S3Sweep(S3Connection connection, S3Folder folder, string? marks, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan Age = TimeSpan.FromHours(24);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await SweepMarkedAsync(cancellation);
        await SweepOldAsync(cancellation);
    }

    private async Task SweepMarkedAsync(CancellationToken cancellation)
    {
        if (marks is null)
            return;
        foreach (var (path, upload) in UploadMark.Dead(marks, clock.GetUtcNow()).ToList())
        {
            if (upload is not null && !(upload.Bucket == connection.Bucket && folder.MayOwn(upload.Key)))
                continue;
            if (upload is not null)
                await AbortAsync(upload.Key, unfinished => unfinished.Key == upload.Key, cancellation);
            PosixFiles.TryRemove(path);
        }
    }

    private Task SweepOldAsync(CancellationToken cancellation) => AbortAsync(folder.Prefix, IsLeftover, cancellation);

    private async Task AbortAsync(string prefix, Func<MultipartUpload, bool> isMeant, CancellationToken cancellation)
    {
        var request = new ListMultipartUploadsRequest { BucketName = connection.Bucket, Prefix = prefix };
        HashSet<(string?, string?)> markers = [];
        while (true)
        {
            var page = await connection.OnceAsync(
                new S3Attempt($"list unfinished uploads in {folder.Location}", "s3:ListBucketMultipartUploads"),
                (s3, watch) => s3.ListMultipartUploadsAsync(request, watch.Token),
                cancellation);
            foreach (var upload in (page.MultipartUploads ?? []).Where(isMeant))
            {
                await folder.AbortAsync(upload.Key, upload.UploadId, cancellation);
                log.LogInformation("Removed an unfinished upload of {Key} from {Initiated:u}", upload.Key, upload.Initiated);
            }
            if (page.IsTruncated != true || !markers.Add((page.NextKeyMarker, page.NextUploadIdMarker)))
                return;
            request.KeyMarker = page.NextKeyMarker;
            request.UploadIdMarker = page.NextUploadIdMarker;
        }
    }

    private bool IsLeftover(MultipartUpload upload) =>
        folder.MayOwn(upload.Key) && upload.Initiated is { } initiated && clock.GetUtcNow() - new DateTimeOffset(initiated.ToUniversalTime()) > Age;
}
