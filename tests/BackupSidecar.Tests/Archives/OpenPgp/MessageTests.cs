using BackupSidecar.Archives.Encryption;
using BackupSidecar.Archives.Encryption.OpenPgp;

namespace BackupSidecar.Tests.Archives.OpenPgp;

/// <summary>Whatever we write gpg reads, and whatever gpg writes we read, alone or with its help.</summary>
public sealed class MessageTests : IDisposable
{
    private readonly Messages _messages = new();

    /// <summary>Around blocks, the forms of a length, gpg's chunks and ours.</summary>
    private static readonly int[] Lengths =
    [
        .. Range(0, 70), 100, .. Range(160, 200), .. Range(480, 530), .. Range(8170, 8200), .. Range(8370, 8390), .. Range(16360, 16400), .. Range(65490, 65545),
        128 * 1024, .. Range((1 << 20) - 1, (1 << 20) + 1), 5_000_000,
    ];

    [Fact]
    public void Gpg_reads_what_we_write_whatever_its_length() => ForEachLength(length =>
    {
        var plain = Some.Bytes(length, seed: length);

        var message = Messages.Encrypt(plain);

        Assert.True(plain.AsSpan().SequenceEqual(_messages.DecryptWithGpg(message)), $"{length} bytes, read by gpg");
        Assert.True(plain.AsSpan().SequenceEqual(Read<PassphraseDecryptor>(message)), $"{length} bytes, read by us");
    });

    [Fact]
    public void We_read_what_gpg_writes_whatever_its_length() => ForEachLength(length =>
    {
        var plain = Some.Bytes(length, seed: length);
        var digest = (string[])["SHA1", "SHA256", "SHA512"];

        var message = _messages.EncryptWithGpg(plain, $"--compress-algo none --s2k-digest-algo {digest[length % 3]}", fromPipe: length % 2 == 0);

        Assert.True(plain.AsSpan().SequenceEqual(Read<PassphraseDecryptor>(message)), $"{length} bytes");
    });

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("--compress-algo zip", true)]
    [InlineData("--compress-algo none --s2k-digest-algo SHA384", true)]
    [InlineData("--compress-algo none --cipher-algo AES128", true)]
    [InlineData("--compress-algo none --cipher-algo TWOFISH", false)]
    [InlineData("--compress-algo none --s2k-mode 1", true)]
    [InlineData("--compress-algo none --armor", true)]
    public void What_is_not_of_our_kind_is_read_by_gpg(string options, bool fromPipe)
    {
        foreach (var length in (int[])[0, 1, 100, 9_000, 70_000, 1_000_000])
        {
            var plain = Some.Bytes(length);

            var message = _messages.EncryptWithGpg(plain, options, fromPipe);

            Assert.Equal(plain, Read<GpgDecryptor>(message));
        }
    }

    [Fact]
    public void Text_whose_line_ends_are_converted_is_read_by_gpg()
    {
        var message = _messages.EncryptWithGpg([.. "one\ntwo\n"u8], "--compress-algo none --textmode", fromPipe: true);

        Assert.Equal("one\ntwo\n"u8.ToArray(), Read<GpgDecryptor>(message));
    }

    [Fact]
    public void Lengths_that_are_known_and_lengths_that_are_not_are_both_read()
    {
        var plain = Some.Bytes(20_000);

        var known = _messages.EncryptWithGpg(plain, "--compress-algo none", fromPipe: false);
        var unknown = _messages.EncryptWithGpg(plain, "--compress-algo none", fromPipe: true);

        Assert.Equal(255, known[Messages.KeyPacketBytes + 1]);
        Assert.InRange(unknown[Messages.KeyPacketBytes + 1], 224, 254);
        Assert.Equal(plain, Read<PassphraseDecryptor>(known));
        Assert.Equal(plain, Read<PassphraseDecryptor>(unknown));
    }

    [Fact]
    public void Two_messages_with_the_same_content_have_nothing_in_common()
    {
        var one = Messages.Encrypt(Some.Bytes(1000));
        var other = Messages.Encrypt(Some.Bytes(1000));

        var same = one.Zip(other).Skip(Messages.KeyPacketBytes + 10).Count(pair => pair.First == pair.Second);
        Assert.InRange(same, 0, 40);
        Assert.NotEqual(S2K.Slowest().Salt, S2K.Slowest().Salt);
    }

    public void Dispose() => _messages.Dispose();

    private static IEnumerable<int> Range(int first, int last) => Enumerable.Range(first, last - first + 1);

    private static void ForEachLength(Action<int> check) =>
        Parallel.ForEach(Lengths, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, check);

    private static byte[] Read<TDecryptor>(byte[] message)
        where TDecryptor : Decryptor => Messages.Read(Assert.IsType<TDecryptor>(Messages.Open(message), exactMatch: true));
}
