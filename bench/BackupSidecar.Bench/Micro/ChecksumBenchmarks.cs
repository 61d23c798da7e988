using BackupSidecar.Archives.Compression;
using BenchmarkDotNet.Attributes;

namespace BackupSidecar.Bench.Micro;

/// <summary>What looking at a MiB costs: the checksum of gzip, and the question whether compression would gain anything.</summary>
public class ChecksumBenchmarks
{
    private byte[] _content = [];

    [ParamsAllValues]
    public Sample Content { get; set; }

    [GlobalSetup]
    public void SetUp() => _content = Samples.Make(Content, 1);

    [Benchmark]
    public uint Crc() => Crc32.Append(0, _content);

    [Benchmark]
    public int Probe()
    {
        var incompressible = 0;
        for (var start = 0; start < _content.Length; start += Incompressible.RunBytes)
            incompressible += Incompressible.Looks(_content.AsSpan(start, Incompressible.RunBytes)) ? 1 : 0;
        return incompressible;
    }
}
