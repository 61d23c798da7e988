using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BenchmarkDotNet.Attributes;

namespace BackupSidecar.Bench.Micro;

/// <summary>What a MiB costs to encrypt and to decrypt, in an archive without compression; its share of what stretching the key costs included.</summary>
public class EncryptionBenchmarks
{
    private const int Mebibytes = 256;
    private static readonly ArchiveSettings Settings =
        new() { Compression = Compression.None, EncryptionKey = new Secret("a passphrase for measuring only") };
    private readonly byte[] _content = Samples.Make(Sample.Incompressible, 16);
    private byte[] _archive = [];

    [GlobalSetup]
    public void SetUp()
    {
        using var archive = new MemoryStream();
        Write(archive);
        _archive = archive.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Mebibytes)]
    public void Encrypt() => Write(Stream.Null);

    [Benchmark(OperationsPerInvoke = Mebibytes)]
    public void Decrypt()
    {
        using var reader = ArchiveReader.Open(new MemoryStream(_archive), ".tar.gpg", Settings);
        reader.Complete();
    }

    private void Write(Stream destination)
    {
        using var writer = ArchiveWriter.Create(Settings, destination);
        for (var part = 0; part < Mebibytes * Samples.Mebibyte / _content.Length; part++)
            writer.WriteFile($"part-{part}", _content, new EntryAttributes(0x1a4, 0, 0, DateTimeOffset.UnixEpoch));
        writer.Complete();
    }
}
