using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// Two uploads of one name at the same time see that the name is free, and many servers let the second replace the first.
/// So both look at the unfinished uploads before they finish, and agree on who gives way.
/// </summary>
internal sealed class UploadRivals(S3Connection connection, string key, string address, ILogger log)
{
    /// <summary>Whether another run uploads it as well, and is the one to finish. Without the right to look, the server's conditions have to do.</summary>
    public async Task<bool> HavePrecedenceAsync(string uploadId, CancellationToken cancellation)
    {
        var attempt = new S3Attempt($"list unfinished uploads of {address}", "s3:ListBucketMultipartUploads");
        var request = new ListMultipartUploadsRequest { BucketName = connection.Bucket, Prefix = key };
        try
        {
            var page = await connection.TryAsync(attempt, (s3, watch) => s3.ListMultipartUploadsAsync(request, watch.Token), cancellation);
            var rivals = (page.MultipartUploads ?? [])
                .Where(upload => upload.Key == key && string.CompareOrdinal(upload.UploadId, uploadId) < 0);
            foreach (var rival in rivals)
            {
                if (await HasPartsAsync(rival.UploadId, cancellation))
                    return true;
            }
        }
        catch (S3StoreException refused) when (!refused.IsTransient)
        {
            log.LogDebug("Whether another run uploads {Address} as well is not known. {Reason}", address, refused.Message);
        }
        return false;
    }

    /// <summary>
    /// An upload without parts may be one of ours: the answer to its beginning was lost, and we began anew. If it is another run's, that
    /// finds our object when it has come so far.
    /// </summary>
    private async Task<bool> HasPartsAsync(string uploadId, CancellationToken cancellation)
    {
        var attempt = new S3Attempt($"list the parts of an upload of {address}", "s3:ListMultipartUploadParts");
        var request = new ListPartsRequest { BucketName = connection.Bucket, Key = key, UploadId = uploadId, MaxParts = 1 };
        try
        {
            var page = await connection.TryAsync(attempt, (s3, watch) => s3.ListPartsAsync(request, watch.Token), cancellation);
            return page.Parts is { Count: > 0 };
        }
        catch (S3StoreException gone) when (gone.IsNotFound)
        {
            return false;
        }
        catch (S3StoreException refused) when (!refused.IsTransient)
        {
            // Without the right to look, whatever is there is taken for another run's.
            return true;
        }
    }
}
