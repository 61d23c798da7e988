using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

public sealed class DamageTests
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(1, 400)));
    private static readonly (string, string)[] Expected = [("file", Some.Digest(Content))];

    [Theory]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    [InlineData(Compression.None)]
    internal void A_cut_at_any_byte_is_refused(Compression compression)
    {
        var settings = Some.Plain(compression);
        var archive = Some.Archive(settings, "file", Content);

        for (var length = 0; length < archive.Length; length++)
            Assert.True(IsRefused(archive[..length], settings), $"cut at {length} of {archive.Length}");
    }

    [Theory]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    [InlineData(Compression.None)]
    internal void Something_behind_the_end_is_refused(Compression compression)
    {
        var settings = Some.Plain(compression);
        var archive = Some.Archive(settings, "file", Content);

        foreach (var garbage in (byte[][])[[1], "garbage"u8.ToArray(), [0x1f, 0x8b], [0x1f, 0x8b, 8, 0], archive, Some.Bytes(300_000)])
            Assert.True(IsRefused([.. archive, .. garbage], settings), $"{garbage.Length} bytes behind the end");
    }

    [Theory]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    internal void A_changed_bit_never_changes_what_is_read(Compression compression)
    {
        var settings = Some.Plain(compression);
        var archive = Some.Archive(settings, "file", Content);
        var random = new Random(1);
        var refused = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var changed = Flip(archive, random.Next(archive.Length * 8));
            // A few bits mean nothing to anybody, such as the time in a gzip header; the rest must be noticed.
            if (IsRefused(changed, settings))
                refused++;
            else
                Assert.Equal(Expected, Some.ReadAll(changed, Some.ExtensionOf(settings), settings));
        }
        Assert.InRange(refused, 1_900, 2_000);
    }

    [Fact]
    public void An_encrypted_archive_refuses_cuts_and_changed_bits()
    {
        var settings = Some.WithPassphrase();
        var archive = Some.Archive(settings, "file", Content);
        var random = new Random(2);

        Assert.Equal(Expected, Some.ReadAll(archive, ".tar.gz.gpg", settings));
        Parallel.For(0, 20, i =>
        {
            Assert.True(IsRefused(archive[..(archive.Length * i / 20)], settings), $"cut at {i} twentieths");
        });
        foreach (var bit in Enumerable.Range(0, 40).Select(_ => random.Next(archive.Length * 8)))
            Assert.True(IsRefused(Flip(archive, bit), settings), $"bit {bit}");
    }

    [Fact]
    public void A_store_that_fails_is_not_mistaken_for_damage()
    {
        foreach (var settings in (ArchiveSettings[])[Some.Plain(), Some.WithPassphrase(), Some.Plain(Compression.Zstd), Some.Plain(Compression.None)])
        {
            var archive = Some.Archive(settings, "file", Some.Bytes(3_000_000));
            using var reader = ArchiveReader.Open(new FailingStream(archive, archive.Length / 2), Some.ExtensionOf(settings), settings);

            var error = Assert.Throws<IOException>(() =>
            {
                reader.NextEntry(TestContext.Current.CancellationToken)?.Content.CopyTo(Stream.Null);
                reader.Complete();
            });

            Assert.Equal("the store is gone", error.Message);
        }
    }

    [Fact]
    public void A_tar_stream_that_is_cut_makes_no_archive()
    {
        using var workspace = new Workspace();
        workspace.Write("file", Content);
        var tar = Host.Bash("tar -c --format=pax file", workspace.Path);
        using var destination = new MemoryStream();
        using var writer = ArchiveWriter.Create(Some.Plain(), destination);

        Assert.Throws<InvalidDataException>(() => writer.WriteTar(new MemoryStream(tar, 0, 1024), TestContext.Current.CancellationToken));

        Assert.Throws<InvalidDataException>(writer.Complete);
    }

    [Fact]
    public void A_cancelled_archive_cannot_be_completed()
    {
        using var cancellation = new CancellationTokenSource();
        using var writer = ArchiveWriter.Create(Some.Plain(), Stream.Null);
        using var endless = new EndlessTar(cancellation);

        Assert.ThrowsAny<OperationCanceledException>(() => writer.WriteTar(endless, cancellation.Token));

        Assert.ThrowsAny<OperationCanceledException>(writer.Complete);
    }

    private static byte[] Flip(byte[] archive, int bit)
    {
        var changed = archive.ToArray();
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }

    private static bool IsRefused(byte[] archive, ArchiveSettings settings)
    {
        try
        {
            Some.ReadAll(archive, Some.ExtensionOf(settings), settings);
            return false;
        }
        catch (BackupRefusedException)
        {
            return true;
        }
    }

    /// <summary>Gives some bytes and then an error.</summary>
    private sealed class FailingStream(byte[] bytes, int until) : MemoryStream(bytes, 0, until)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is > 0 and var read ? read : throw new IOException("the store is gone");

        public override int Read(Span<byte> buffer) =>
            base.Read(buffer) is > 0 and var read ? read : throw new IOException("the store is gone");
    }

    /// <summary>One file without an end; cancels while it is read.</summary>
    private sealed class EndlessTar(CancellationTokenSource cancellation) : MemoryStream(TarStream.Header("file", size: "77777777777"))
    {
        private int _reads;

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (++_reads == 50)
                cancellation.Cancel();
            return base.Read(buffer, offset, count) is > 0 and var read ? read : count;
        }
    }
}
