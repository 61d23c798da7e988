using BackupSidecar.Archives.Compression;
using BackupSidecar.Configuration;
using BenchmarkDotNet.Attributes;

namespace BackupSidecar.Bench.Micro;

/// <summary>What a MiB costs to compress and to inflate, on one worker.</summary>
public class CompressionBenchmarks
{
    private const int Mebibytes = 16;
    private byte[] _content = [];
    private byte[] _compressed = [];

    [ParamsAllValues]
    public Sample Content { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _content = Samples.Make(Content, Mebibytes);
        using var compressed = new MemoryStream();
        Compress(Compression.Gzip, compressed);
        _compressed = compressed.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Mebibytes)]
    public void Gzip() => Compress(Compression.Gzip, Stream.Null);

    [Benchmark(OperationsPerInvoke = Mebibytes)]
    public void Zstd() => Compress(Compression.Zstd, Stream.Null);

    [Benchmark(OperationsPerInvoke = Mebibytes)]
    public void Gunzip()
    {
        using var plain = Decompressor.Open(new MemoryStream(_compressed), Compression.Gzip, workers: 1);
        plain.CopyTo(Stream.Null);
    }

    private void Compress(Compression compression, Stream next)
    {
        using var compressor = new BlockCompressor(new ArchiveSettings { Compression = compression, CompressionThreads = 1 }, next);
        compressor.Write(_content);
        compressor.Complete();
    }
}
