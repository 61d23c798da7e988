using System.Buffers.Binary;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Tells, far faster than trying it, whether compression would gain next to nothing: media, archives, encrypted files. Such
/// bytes are spread evenly and do not repeat; both are looked at in samples.
/// </summary>
internal static class Incompressible
{
    /// <summary>How much is judged at a time.</summary>
    public const int RunBytes = 64 * 1024;

    private const int SampleStride = 4096;
    private const int SampleBytes = 256;

    /// <summary>For even bytes the sum of squares below is 255 on average; this much is about 1 % that could be gained.</summary>
    private const long MostUnevenness = 640;

    public static bool Looks(ReadOnlySpan<byte> run) => run.Length >= SampleStride && IsEven(run) && !Repeats(run);

    private static bool IsEven(ReadOnlySpan<byte> run)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        var total = 0;
        for (var i = 0; i + SampleBytes <= run.Length; i += SampleStride, total += SampleBytes)
        {
            foreach (var value in run.Slice(i, SampleBytes))
                counts[value]++;
        }
        long squares = 0;
        foreach (var count in counts)
            squares += (long)count * count;
        // Pearson's chi-squared over 256 values: 256 / n * sum of squares - n.
        return (squares * 256 / total) - total <= MostUnevenness;
    }

    /// <summary>
    /// Looks at the four bytes behind each byte of one value: places that the content itself chooses, so that a repetition
    /// is found at any distance. In random bytes there are 256 such places and next to never two that are equal.
    /// </summary>
    private static bool Repeats(ReadOnlySpan<byte> run)
    {
        const byte anchor = 0x5A;
        Span<uint> seen = stackalloc uint[1024];
        seen.Clear();
        var places = 0;
        var repeated = 0;
        for (var next = run.IndexOf(anchor); next >= 0 && run.Length >= next + 5; next = run.IndexOf(anchor))
        {
            var four = BinaryPrimitives.ReadUInt32LittleEndian(run[(next + 1)..]);
            ref var slot = ref seen[(int)((four * 2654435761u) >> 22)];
            repeated += slot == four ? 1 : 0;
            slot = four;
            places++;
            run = run[(next + 1)..];
        }
        return repeated * 32 > places;
    }
}
