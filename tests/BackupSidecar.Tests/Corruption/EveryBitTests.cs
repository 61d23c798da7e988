using BackupSidecar.Archives;
using BackupSidecar.Archives.Encryption.OpenPgp;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Archives.OpenPgp;
using BackupSidecar.Tests.Support;
using BackupSidecar.Verification;

namespace BackupSidecar.Tests.Corruption;

/// <summary>
/// One sealed archive of 64 KiB. What a verification and a restore share, the comparison with the manifest, refuses it after every
/// single flipped bit and every cut; and so does its decryption alone, with nobody to say what the bytes should be.
/// </summary>
public sealed class EveryBitTests
{
    private const int ArchiveBytes = 64 * 1024;

    private static readonly byte[] Key = Messages.FastKey();
    private static readonly byte[] Plain = Some.Archive(Some.Plain(), "file", Mutation.Noise(64_900, new Random(1)));
    private static readonly byte[] Sealed = Messages.Encrypt(Plain);

    public static TheoryData<string> Archives => ["plain", "sealed"];

    [Fact]
    public void The_archive_is_of_the_size_that_the_figures_speak_of() => Assert.InRange(Sealed.Length, ArchiveBytes - 512, ArchiveBytes + 512);

    [Theory]
    [MemberData(nameof(Archives))]
    public void Every_flipped_bit_is_found_by_the_digest_that_verify_and_restore_compare(string kind)
    {
        var archive = kind == "plain" ? Plain : Sealed;
        var digest = Some.Digest(archive);

        CheckStored(archive, archive.Length, digest);
        FlipEach(archive, flipped => AssertRefused(() => CheckStored(flipped, archive.Length, digest)));
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public void Every_cut_is_found_by_the_digest_that_verify_and_restore_compare(string kind)
    {
        var archive = kind == "plain" ? Plain : Sealed;
        var digest = Some.Digest(archive);

        CutEach(archive, cut => AssertRefused(() => CheckStored(cut, archive.Length, digest)));
        // A store that gives fewer bytes than it has, against a manifest that says as few.
        CutEach(archive, cut => AssertRefused(() => CheckStored(cut, cut.Length, digest)));
    }

    [Fact]
    public void Every_flipped_bit_is_found_by_the_decryption_alone()
    {
        var body = Sealed[Messages.KeyPacketBytes..];

        Decrypt(body);
        FlipEach(body, flipped => AssertRefused(() => Decrypt(flipped)));
    }

    [Fact]
    public void Every_cut_is_found_by_the_decryption_alone()
    {
        var body = Sealed[Messages.KeyPacketBytes..];

        CutEach(body, cut => AssertRefused(() => Decrypt(cut)));
    }

    /// <summary>A few bits of a gzip header mean nothing; the rest is found by its checksums, or would not change what is read.</summary>
    [Fact]
    public void A_flipped_bit_of_an_archive_that_nothing_protects_never_changes_what_is_read()
    {
        var expected = Some.ReadAll(Plain, ".tar.gz", Some.Plain());
        var random = LongRun.Random(1);
        var refused = 0;
        var bits = LongRun.Of(1_000, 20_000);

        for (var i = 0; i < bits; i++)
        {
            var flipped = Flip(Plain.ToArray(), random.Next(Plain.Length * 8));
            try
            {
                Assert.Equal(expected, Some.ReadAll(flipped, ".tar.gz", Some.Plain()));
            }
            catch (BackupRefusedException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, bits * 95 / 100, bits);
    }

    /// <summary>Through gpg, which hands out plaintext before it knows that it is damaged.</summary>
    [Fact]
    public void Flipped_bits_and_cuts_of_an_archive_for_public_keys_are_refused()
    {
        using var keys = new Recipient();
        var archive = keys.Archive(Mutation.Noise(60_000, new Random(2)));
        var random = LongRun.Random(2);

        Assert.Single(keys.Read(archive));
        for (var i = LongRun.Of(4, 300); i > 0; i--)
        {
            Assert.Throws<BackupRefusedException>(() => keys.Read(Flip(archive.ToArray(), random.Next(archive.Length * 8))));
            Assert.Throws<BackupRefusedException>(() => keys.Read(archive[..random.Next(archive.Length)]));
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static void CheckStored(byte[] stored, long bytes, string digest) =>
        StoredBytes.CheckAsync(new MemoryStream(stored), bytes, digest, Stream.Null, CancellationToken.None).GetAwaiter().GetResult();

    private static void Decrypt(byte[] body)
    {
        using var decryptor = new PassphraseDecryptor(new MemoryStream(body), Key);
        decryptor.Complete();
    }

    /// <summary>Every bit of the first and last 512 bytes and a sample of the others, or all.</summary>
    private static void FlipEach(byte[] archive, Action<byte[]> check)
    {
        var random = LongRun.Random();
        var bits = LongRun.IsWanted
            ? [.. Enumerable.Range(0, archive.Length * 8)]
            : Enumerable.Range(0, 512 * 8).SelectMany(bit => new[] { bit, (archive.Length * 8) - 1 - bit })
                .Concat(Enumerable.Range(0, 20_000).Select(_ => random.Next(archive.Length * 8))).ToArray();
        LongRun.Tell($"{bits.Length} flipped bits");
        Parallel.ForEach(bits, new ParallelOptions { CancellationToken = Token }, () => archive.ToArray(), (bit, _, copy) =>
        {
            check(Flip(copy, bit));
            return Flip(copy, bit);
        }, _ => { });
    }

    private static void CutEach(byte[] archive, Action<byte[]> check)
    {
        var step = LongRun.Of(16, 1);
        var lengths = Enumerable.Range(0, archive.Length).Where(length => length % step == 0 || length < 512 || length >= archive.Length - 512).ToArray();
        LongRun.Tell($"{lengths.Length} cuts");
        Parallel.ForEach(lengths, new ParallelOptions { CancellationToken = Token }, length => check(archive[..length]));
    }

    private static byte[] Flip(byte[] archive, int bit)
    {
        archive[bit / 8] ^= (byte)(1 << (bit % 8));
        return archive;
    }

    private static void AssertRefused(Action read)
    {
        try
        {
            read();
        }
        catch (BackupRefusedException)
        {
            return;
        }
        Assert.Fail("It was accepted.");
    }
}
