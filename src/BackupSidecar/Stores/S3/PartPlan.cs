using BackupSidecar.Configuration;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// How an archive is cut into parts while nobody knows yet how long it will be, so that it fits into as many as the server
/// takes. Parts begin at 8 MiB and grow with the archive; where all of them have to be equal they are as large from the
/// first as the largest archive needs that the spool can hold.
/// </summary>
internal sealed record PartPlan
{
    private const long FirstSize = 8L << 20;
    private const long LargestSize = 5L << 30;
    private const long Grain = 1L << 20;
    private const int Doublings = 10;

    /// <summary>How many the server takes.</summary>
    public required int MostParts { get; init; }

    /// <summary>The size of all, or null where they may grow.</summary>
    public required long? EqualSize { get; init; }

    // Half of the parts for the doublings, the other half for the largest: 5 TiB fit into 10,000 parts, and 2 TiB into 1,000.
    private int PartsPerSize => Math.Max(1, MostParts / (2 * Doublings));

    /// <param name="settings">The server and what the operator says of it.</param>
    /// <param name="largest">Tells the bytes of the largest archive that can come; asked only where parts have to be equal.</param>
    public static PartPlan For(S3StoreSettings settings, Func<long> largest) => new()
    {
        MostParts = settings.MostParts,
        EqualSize = settings.PartSize ?? (WantsEqualParts(settings.Endpoint) ? SizeFor(largest(), settings.MostParts) : null),
    };

    /// <param name="number">Counts from 1.</param>
    /// <exception cref="StoreException">The server does not take so many.</exception>
    public long SizeOf(int number)
    {
        if (number > MostParts)
            throw new StoreException($"S3: the archive needs more than {MostParts} parts. Set BACKUP_S3_PART_SIZE to a larger size.");
        return EqualSize ?? Math.Min(LargestSize, FirstSize << Math.Min(Doublings, (number - 1) / PartsPerSize));
    }

    /// <summary>Cloudflare R2 refuses parts of different sizes, at the very end of the upload.</summary>
    private static bool WantsEqualParts(Uri endpoint) => endpoint.Host.EndsWith(".r2.cloudflarestorage.com", StringComparison.OrdinalIgnoreCase);

    private static long SizeFor(long bytes, int parts)
    {
        var grains = (bytes / parts / Grain) + 1;
        return Math.Clamp(grains * Grain, FirstSize, LargestSize);
    }
}
