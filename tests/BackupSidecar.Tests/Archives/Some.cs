using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

/// <summary>Settings, contents and shortcuts of these tests.</summary>
internal static class Some
{
    public const string Passphrase = "correct horse battery staple";

    public static readonly EntryAttributes Attributes = new(0x1a0, 0, 0, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    public static ArchiveSettings Plain(Compression compression = Compression.Gzip) =>
        new() { Compression = compression, CompressionThreads = 2 };

    public static ArchiveSettings WithPassphrase(string passphrase = Passphrase, Compression compression = Compression.Gzip) =>
        Plain(compression) with { EncryptionKey = new Secret(passphrase) };

    /// <summary>Half text, half noise, so that both ways of compressing are taken.</summary>
    public static byte[] Bytes(int length, int seed = 1)
    {
        var random = new Random(seed);
        var bytes = new byte[length];
        for (var start = 0; start < length; start += 100_000)
        {
            var part = bytes.AsSpan(start, Math.Min(100_000, length - start));
            if (random.Next(2) == 0)
                random.NextBytes(part);
            else
                random.GetItems("some words that come again\n"u8, part);
        }
        return bytes;
    }

    public static byte[] Archive(ArchiveSettings settings, Action<ArchiveWriter> write)
    {
        using var destination = new MemoryStream();
        using (var writer = ArchiveWriter.Create(settings, destination))
        {
            write(writer);
            writer.Complete();
        }
        return destination.ToArray();
    }

    public static byte[] Archive(ArchiveSettings settings, string name, byte[] content) =>
        Archive(settings, writer => writer.WriteFile(name, content, Attributes));

    public static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Reads a whole archive: the names of its entries and the digests of their contents.</summary>
    public static List<(string Name, string Digest)> ReadAll(byte[] archive, string extension, ArchiveSettings settings)
    {
        using var reader = ArchiveReader.Open(new MemoryStream(archive), extension, settings);
        List<(string, string)> entries = [];
        while (reader.NextEntry(TestContext.Current.CancellationToken) is { } entry)
        {
            using var content = new MemoryStream();
            entry.Content.CopyTo(content);
            entries.Add((entry.Name, Digest(content.ToArray())));
        }
        reader.Complete();
        return entries;
    }

    public static string ExtensionOf(ArchiveSettings settings) => settings.Compression switch
    {
        Compression.Gzip => ".tar.gz",
        Compression.Zstd => ".tar.zst",
        _ => ".tar",
    } + (settings.IsEncrypted ? ".gpg" : "");
}
