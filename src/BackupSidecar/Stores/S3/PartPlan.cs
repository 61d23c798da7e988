namespace BackupSidecar.Stores.S3;

/// <summary>
/// How an upload of unknown length is cut into at most 10,000 parts. By default they start at 8 MiB and double after every
/// thousand, so that the largest object that S3 takes (5 TiB) fits; some servers want them all equal.
/// </summary>
internal sealed record PartPlan(long? FixedSize)
{
    public const int MostParts = 10_000;

    private const long FirstSize = 8L << 20;
    private const int PartsPerSize = 1000;
    private const long EqualSize = 64L << 20;

    /// <summary>The plan for an endpoint: Cloudflare R2 refuses parts of different sizes, at the very end of the upload.</summary>
    public static PartPlan For(Uri endpoint, long? configuredSize) =>
        new(configuredSize ?? (endpoint.Host.EndsWith(".r2.cloudflarestorage.com", StringComparison.OrdinalIgnoreCase) ? EqualSize : null));

    /// <param name="number">Counts from 1.</param>
    public long SizeOf(int number)
    {
        if (number > MostParts)
            throw new StoreException($"S3: the archive needs more than {MostParts} parts. Set BACKUP_S3_PART_SIZE to a larger size.");
        return FixedSize ?? FirstSize << ((number - 1) / PartsPerSize);
    }
}
