using BackupSidecar.Archives;
using BackupSidecar.Archives.Encryption.OpenPgp;

namespace BackupSidecar.Tests.Archives.OpenPgp;

/// <summary>Nothing but a whole and unchanged message is ever read to its end.</summary>
public sealed class DamagedMessageTests
{
    private static readonly byte[] Key = Messages.FastKey();
    private static readonly byte[] Literal = [0xcb, 6 + 5, (byte)'b', 0, 0, 0, 0, 0, .. "hello"u8];

    [Fact]
    public void Every_changed_bit_of_a_message_is_refused()
    {
        using var messages = new Messages();
        // Of two chunks, as gpg makes them of 8 KiB.
        var message = messages.EncryptWithGpg(Some.Bytes(9_000), "--compress-algo none --s2k-digest-algo SHA512", fromPipe: true);
        using var key = new SessionKey(MessageStart.Recognise(message)!.S2K, Messages.Passphrase);
        var keyBytes = key.Bytes.ToArray();
        var body = message[Messages.KeyPacketBytes..];

        Assert.Equal(Some.Bytes(9_000), Read(body, keyBytes));
        Each(body.Length * 8, bit => AssertRefused(Flip(body, bit), keyBytes, $"bit {bit}"));
    }

    [Fact]
    public void Every_changed_byte_of_a_message_of_ours_is_refused()
    {
        var body = Body(Messages.Encrypt(Some.Bytes(66_000)));

        Each(body.Length, at => AssertRefused(Flip(body, (at * 8) + (at % 8)), Key, $"byte {at}"));
    }

    [Fact]
    public void Every_cut_of_a_message_is_refused()
    {
        var body = Body(Messages.Encrypt(Some.Bytes(66_000)));

        Each(body.Length, length => AssertRefused(body[..length], Key, $"cut at {length}"));
    }

    [Fact]
    public void An_archive_is_refused_for_every_changed_bit_and_every_cut()
    {
        var archive = Messages.Encrypt(Some.Archive(Some.Plain(), "file", Some.Bytes(300)));

        Assert.Equal([("file", Some.Digest(Some.Bytes(300)))], Some.ReadAll(archive, ".tar.gz.gpg", Some.WithPassphrase()));
        Each(archive.Length * 8, bit => AssertArchiveRefused(Flip(archive, bit), $"bit {bit}"));
        Each(archive.Length, length => AssertArchiveRefused(archive[..length], $"cut at {length}"));
        foreach (var more in (byte[][])[[0], [0xd3], archive, Literal])
            AssertArchiveRefused([.. archive, .. more], $"{more.Length} bytes behind the end");
    }

    [Fact]
    public void Something_behind_the_message_is_refused()
    {
        var body = Body(Messages.Encrypt(Some.Bytes(1_000)));

        foreach (var more in (byte[][])[[0], [0xca, 3, .. "PGP"u8], body, [.. "garbage"u8]])
            AssertRefused([.. body, .. more], Key, $"{more.Length} bytes");
    }

    [Fact]
    public void Only_one_literal_packet_may_be_inside()
    {
        Assert.Equal("hello"u8.ToArray(), Read(Messages.Protect(Literal), Key));
        Assert.Equal("hello"u8.ToArray(), Read(Messages.Protect([0xac, 6 + 5 + 3, (byte)'b', 3, .. "abc"u8, 0, 0, 0, 0, .. "hello"u8]), Key));

        AssertRefused(Messages.Protect([]), Key, "nothing");
        AssertRefused(Messages.Protect([.. Literal, .. Literal]), Key, "two");
        AssertRefused(Messages.Protect([.. Literal, 0]), Key, "something behind it");
        AssertRefused(Messages.Protect([.. Literal, .. Packet.MdcHeader, .. new byte[20]]), Key, "a second code");
        AssertRefused(Messages.Protect(Literal[..^1]), Key, "a literal packet without its last byte");
        AssertRefused(Messages.Protect([0xcb, 4, (byte)'b', 200, 0, 0]), Key, "a name that is longer than the packet");
        AssertRefused(Messages.Protect([0xcb, 11, (byte)'t', .. Literal[3..]]), Key, "text");
        AssertRefused(Messages.Protect([0xcb, 0xe9, .. Literal[2..]]), Key, "a chunk that is longer than the message");
        AssertRefused(Messages.Protect([0xaf, .. Literal[2..]]), Key, "a packet without a length");
        AssertRefused(Messages.Protect([0xc8, 0, .. Literal]), Key, "a compressed packet");
    }

    [Fact]
    public void Another_version_of_the_encrypted_packet_is_refused()
    {
        var body = Messages.Protect(Literal);

        // Tag, five bytes of length, version.
        body[6] = 2;

        AssertRefused(body, Key, "version 2");
    }

    [Fact]
    public void A_wrong_passphrase_is_told_from_damage()
    {
        var message = Messages.Encrypt(Some.Bytes(100_000));

        var wrong = Assert.Throws<BackupRefusedException>(() => Some.ReadAll(message, ".tar.gz.gpg", Some.WithPassphrase("wrong")));
        var damaged = Assert.Throws<BackupRefusedException>(() => Messages.Read(Messages.Open(Flip(message, message.Length * 4))));
        var cut = Assert.Throws<BackupRefusedException>(() => Messages.Read(Messages.Open(message[..^1])));

        Assert.Contains("another BACKUP_ENCRYPTION_KEY", wrong.Message);
        Assert.Contains("damaged or cut after it was encrypted", damaged.Message);
        Assert.Contains("damaged or cut after it was encrypted", cut.Message);
    }

    [Fact]
    public void Whoever_reads_on_after_a_refusal_is_refused_again()
    {
        var body = Body(Messages.Encrypt(Some.Bytes(200_000)));
        using var decryptor = new PassphraseDecryptor(new MemoryStream(Flip(body, body.Length * 4)), Key);

        Assert.Throws<BackupRefusedException>(() => decryptor.CopyTo(Stream.Null));

        Assert.Throws<BackupRefusedException>(() => decryptor.ReadByte());
        Assert.Throws<BackupRefusedException>(decryptor.Complete);
    }

    [Fact]
    public void Garbage_is_refused_and_nothing_else_happens()
    {
        Each(3_000, seed =>
        {
            var random = new Random(seed);
            var garbage = new byte[random.Next(1 << random.Next(1, 18))];
            random.NextBytes(garbage);

            AssertRefused(garbage, Key, $"garbage {seed}");
            AssertRefused([0xd2, .. garbage], Key, $"garbage {seed} as a packet");
            AssertRefused(Messages.Protect(garbage), Key, $"garbage {seed} with a right code");
            AssertRefused(Messages.Protect([0xcb, .. garbage]), Key, $"garbage {seed} as a literal packet", orRead: true);
        });
    }

    [Fact]
    public void Garbage_at_the_beginning_of_an_archive_is_refused_and_nothing_else_happens()
    {
        var archive = Messages.Encrypt(Some.Archive(Some.Plain(), "file", Some.Bytes(300)));
        Each(100, seed =>
        {
            var garbage = archive.ToArray();
            var random = new Random(seed);
            random.NextBytes(garbage.AsSpan(random.Next(50), random.Next(1, 20)));

            AssertArchiveRefused(garbage, $"garbage {seed}");
        });
    }

    private static byte[] Body(byte[] message) => message[Messages.KeyPacketBytes..];

    private static byte[] Flip(byte[] message, int bit)
    {
        var changed = message.ToArray();
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }

    private static void Each(int count, Action<int> check) =>
        Parallel.For(0, count, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, check);

    private static byte[] Read(byte[] body, byte[] key) => Messages.Read(new PassphraseDecryptor(new MemoryStream(body), key));

    private static void AssertRefused(byte[] body, byte[] key, string what, bool orRead = false)
    {
        try
        {
            using var decryptor = new PassphraseDecryptor(new MemoryStream(body), key);
            decryptor.Complete();
            Assert.True(orRead, what);
        }
        catch (BackupRefusedException)
        {
            // As it should be; anything else fails the test.
        }
    }

    private static void AssertArchiveRefused(byte[] archive, string what)
    {
        try
        {
            Some.ReadAll(archive, ".tar.gz.gpg", Some.WithPassphrase());
            Assert.Fail(what);
        }
        catch (BackupRefusedException)
        {
            // As it should be; anything else fails the test.
        }
    }
}
