namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Opens compressed streams, of ours or of other programs. Such a stream ends only where its last byte was right: a cut, a
/// wrong checksum or something behind the end is an <see cref="InvalidDataException"/>.
/// </summary>
internal static class Decompressor
{
    /// <param name="source">The compressed bytes; not disposed.</param>
    /// <param name="compression">How they are compressed.</param>
    /// <param name="workers">Threads that decompress, where the stream allows more than one.</param>
    /// <returns>The plain bytes; for no compression the source itself.</returns>
    public static Stream Open(Stream source, Configuration.Compression compression, int workers) => compression switch
    {
        Configuration.Compression.Gzip => new GzipReader(source, workers),
        Configuration.Compression.Zstd => new ZstdReader(source, workers),
        Configuration.Compression.None => source,
        _ => throw new ArgumentOutOfRangeException(nameof(compression)),
    };
}
