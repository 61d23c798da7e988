using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Archives.Encryption.OpenPgp;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Archives.OpenPgp;
using BackupSidecar.Tests.Restore;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Corruption;

/// <summary>
/// The manifest is taken out of the question: it is made to fit whatever stands in the archive's place. What is left is the
/// encryption, which must refuse everything that was not sealed with the key, before a byte of it reaches the target.
/// </summary>
public sealed class SubstitutedArchiveTests : IAsyncDisposable
{
    private static readonly ArchiveSettings Encrypting = Some.WithPassphrase();

    private readonly DamagedScene _scene = new(Encrypting);

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task A_sealed_archive_with_a_fitting_manifest_is_restored()
    {
        var (archive, sources) = await SealAsync();

        await _scene.AssertRestoredAsync(await _scene.Restores.StoreAsync(archive, ".tar.gz.gpg", sources));
    }

    [Fact]
    public async Task What_was_not_sealed_with_the_key_is_refused()
    {
        var (archive, sources) = await SealAsync();
        var plain = Read(archive);
        using var stranger = new Recipient();
        byte[][] substitutes =
        [
            Literal(plain),
            plain,
            WithoutCode(archive),
            Sealed(plain, "another passphrase"),
            Some.Archive(stranger.Settings, "data", [1]),
            [],
            archive[..^22],
            [.. archive, .. archive],
        ];

        foreach (var substitute in substitutes)
            await _scene.AssertRefusedAsync(await _scene.Restores.StoreAsync(substitute, ".tar.gz.gpg", sources), level: VerificationLevel.Content);
    }

    [Fact]
    public async Task Flipped_bits_and_cuts_are_refused()
    {
        var (archive, sources) = await SealAsync();
        var random = LongRun.Random();

        for (var i = LongRun.Of(6, 250); i > 0; i--)
        {
            var flipped = archive.ToArray();
            flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
            await _scene.AssertNotRestoredAsync(await _scene.Restores.StoreAsync(flipped, ".tar.gz.gpg", sources));
            await _scene.AssertNotRestoredAsync(await _scene.Restores.StoreAsync(archive[..random.Next(archive.Length)], ".tar.gz.gpg", sources));
        }
    }

    /// <summary>Whoever may only write to the store has the public keys, but not the key that manifests are signed with.</summary>
    [Fact]
    public async Task A_backup_that_was_forged_with_public_keys_alone_is_refused()
    {
        using var recipient = new Recipient();
        var scene = _scene.Restores;
        scene.Settings = scene.Settings with { Archive = recipient.Settings with { SigningKey = new Secret("a signing key of this test") } };
        var mine = await scene.BackUpAsync();
        scene.Settings = scene.Settings with { Archive = recipient.Settings };
        scene.Folder.Shell("echo forged > data/a");
        var unsigned = await scene.BackUpAsync();
        scene.Settings = scene.Settings with { Archive = recipient.Settings with { SigningKey = new Secret("a guess") } };
        var signed = await scene.BackUpAsync();
        scene.Settings = scene.Settings with { Archive = recipient.Settings with { SigningKey = new Secret("a signing key of this test") } };
        _scene.ChangeTarget();

        await _scene.AssertRefusedAsync(unsigned);
        await _scene.AssertRefusedAsync(signed);
        await _scene.AssertNotRestoredAsync(signed, allowUnverified: true);
        Assert.Equal(RunOutcome.Refused, (await scene.RestoreAsync()).Outcome);
        await _scene.AssertRestoredAsync(mine);
    }

    private async Task<(byte[] Archive, IReadOnlyList<ManifestSource> Sources)> SealAsync()
    {
        var name = await _scene.Restores.BackUpAsync();
        var archive = await File.ReadAllBytesAsync(Path.Combine(_scene.Restores.Local.Folder, name.FileName), Token);
        var manifest = await File.ReadAllBytesAsync(Path.Combine(_scene.Restores.Local.Folder, name.ManifestFileName), Token);
        _scene.ChangeTarget();
        return (archive, new ManifestFile(Encrypting, RestoreScene.Name).Read(manifest).Manifest.Sources);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Read(byte[] archive) => Messages.Read(Messages.Open(archive));

    /// <summary>gpg opens such a packet without any key, and says that all is well.</summary>
    private static byte[] Literal(byte[] plain)
    {
        using var message = new MemoryStream();
        var literal = new PacketWriter(Packet.Literal, message);
        literal.Write([Packet.BinaryFormat, 0, 0, 0, 0, 0]);
        literal.Write(plain);
        literal.Complete();
        return message.ToArray();
    }

    private static byte[] Sealed(byte[] plain, string passphrase)
    {
        using var message = new MemoryStream();
        using var encryptor = new PassphraseEncryptor(new Secret(passphrase), new S2K(HashAlgorithmName.SHA512, new byte[S2K.SaltBytes], 0), message);
        encryptor.Write(plain);
        encryptor.Complete();
        return message.ToArray();
    }

    /// <summary>The old packet (tag 9), which has no modification detection code: the attack of 2018 on mail programs.</summary>
    private static byte[] WithoutCode(byte[] archive)
    {
        var stripped = archive.ToArray();
        stripped[Messages.KeyPacketBytes] = 0xc0 | 9;
        return stripped;
    }
}
