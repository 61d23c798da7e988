using BackupSidecar.Archives;
using BackupSidecar.Archives.Tar;
using BenchmarkDotNet.Attributes;

namespace BackupSidecar.Bench.Micro;

/// <summary>What it costs to take a MiB of a tar stream apart: many small files, or few large ones.</summary>
public class TarBenchmarks
{
    private const int Mebibytes = 16;
    private byte[] _tar = [];

    [Params(4 * 1024, 4 * Samples.Mebibyte)]
    public int FileBytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        using var tar = new MemoryStream();
        var content = new byte[FileBytes];
        for (var number = 0; number < Mebibytes * Samples.Mebibyte / FileBytes; number++)
        {
            tar.Write(TarRecords.ForFile($"folder/file-{number}", FileBytes, new EntryAttributes(0x1a4, 0, 0, DateTimeOffset.UnixEpoch)));
            tar.Write(content);
        }
        tar.Write(TarRecords.EndMark);
        _tar = tar.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Mebibytes)]
    public int Parse()
    {
        var parser = new TarParser(new MemoryStream(_tar));
        var entries = 0;
        while (parser.Next() is not null)
            entries++;
        return entries;
    }
}
