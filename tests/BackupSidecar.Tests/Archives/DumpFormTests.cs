using System.IO.Compression;
using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

/// <summary>A backup that is one dump: any gunzip reads it, and a reader that knows how long it is takes no more.</summary>
public sealed class DumpFormTests
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(3_000_000);

    [Fact]
    public void It_is_read_by_any_gunzip_and_by_ours()
    {
        var stored = Dump(Some.Plain(), out var digest);

        Assert.Equal(Content, Bytes(new GZipStream(new MemoryStream(stored), CompressionMode.Decompress)));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Content)), digest);
        Assert.Equal(Content, Read(stored, isEncrypted: false, Content.Length, Some.Plain()));
        Assert.Equal(Content, Read(stored, isEncrypted: false, bytes: null, Some.Plain()));
    }

    [Fact]
    public void It_is_encrypted_as_archives_are()
    {
        var settings = Some.Plain() with { EncryptionKey = new Secret("a passphrase of this test") };
        var stored = Dump(settings, out _);

        Assert.Equal(Content, Read(stored, isEncrypted: true, Content.Length, settings));
        Assert.Throws<BackupRefusedException>(() => Read(stored, isEncrypted: true, Content.Length, Some.Plain() with { EncryptionKey = new Secret("another passphrase") }));
        stored[stored.Length / 2] ^= 1;
        Assert.Throws<BackupRefusedException>(() => Read(stored, isEncrypted: true, Content.Length, settings));
    }

    [Fact]
    public void What_is_cut_or_longer_than_was_said_is_refused()
    {
        var stored = Dump(Some.Plain(), out _);

        Assert.Throws<BackupRefusedException>(() => Read(stored[..^1], isEncrypted: false, Content.Length, Some.Plain()));
        Assert.Throws<BackupRefusedException>(() => Read(stored[..(stored.Length / 2)], isEncrypted: false, bytes: null, Some.Plain()));
        Assert.Throws<BackupRefusedException>(() => Read(stored, isEncrypted: false, Content.Length - 1, Some.Plain()));
        Assert.Throws<BackupRefusedException>(() => Read("no gzip at all"u8.ToArray(), isEncrypted: false, bytes: null, Some.Plain()));
    }

    private static byte[] Dump(ArchiveSettings settings, out string digest)
    {
        using var stored = new MemoryStream();
        using var dump = new DumpWriter(settings, stored);
        dump.Write(Content);
        digest = dump.Complete();
        return stored.ToArray();
    }

    private static byte[] Read(byte[] stored, bool isEncrypted, long? bytes, ArchiveSettings settings)
    {
        using var reader = new DumpReader(new MemoryStream(stored), isEncrypted, "x.dump", bytes, DateTimeOffset.UnixEpoch, settings);
        using var content = new MemoryStream();
        reader.NextEntry(CancellationToken.None)!.CopyContentTo(content);
        Assert.Null(reader.NextEntry(CancellationToken.None));
        reader.Complete();
        return content.ToArray();
    }

    private static byte[] Bytes(Stream stream)
    {
        using var content = new MemoryStream();
        using (stream)
            stream.CopyTo(content);
        return content.ToArray();
    }
}
