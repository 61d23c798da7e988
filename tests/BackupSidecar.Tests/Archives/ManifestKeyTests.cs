using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

/// <summary>Manifests name their key, and are known by any key that is configured.</summary>
public sealed class ManifestKeyTests
{
    private static readonly Manifest Sample = new()
    {
        CreatedBy = "a test",
        RunId = Guid.Empty,
        BackupName = "blog",
        Archive = "blog-2026-11-20-030000.tar.gz.gpg",
        StartedAt = DateTimeOffset.UnixEpoch,
        FinishedAt = DateTimeOffset.UnixEpoch,
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = "passphrase",
        Sources = [],
    };

    private static readonly ArchiveSettings First = Some.WithPassphrase("the first passphrase");
    private static readonly ArchiveSettings Second = Some.WithPassphrase("the second passphrase");
    private static readonly ArchiveSettings Signing = Some.Plain() with { SigningKey = new Secret("signing key") };

    private readonly Dictionary<ArchiveSettings, ManifestFile> _files = new(ReferenceEqualityComparer.Instance);

    /// <summary>They stand in stored backups, so they can never be made in another way.</summary>
    [Fact]
    public void The_id_of_a_key_never_changes()
    {
        Assert.Equal("2ec33a5daef975ba", IdOf(Some.WithPassphrase()));
        Assert.Equal("3e144894b58a49b3", IdOf(Signing));
    }

    [Fact]
    public void A_manifest_names_its_key_and_what_that_was_made_of()
    {
        Assert.Equal((IdOf(First), "passphrase"), Named(First));
        Assert.Equal((IdOf(Signing), "signing key"), Named(Signing));
        Assert.Equal((IdOf(Signing), "signing key"), Named(Signing with { EncryptionKey = First.EncryptionKey }));
        Assert.NotEqual(IdOf(First), new ManifestKeys(First, "shop").Current?.Name.Id);
    }

    [Fact]
    public void Every_configured_key_is_known_and_new_manifests_are_made_with_the_current_one()
    {
        var all = Second with { OldEncryptionKeys = [new Secret("unused"), .. First.Passphrases], OldSigningKeys = Signing.SigningKeys };
        var signed = all with { SigningKey = new Secret("a new signing key") };
        (ArchiveSettings Writer, ArchiveSettings Reader, ManifestTrust Trust)[] table =
        [
            (First, all, ManifestTrust.Authentic),
            (Second, all, ManifestTrust.Authentic),
            (Signing, all, ManifestTrust.Authentic),
            (all, Second, ManifestTrust.Authentic),
            (all, First, ManifestTrust.OtherKey),
            (signed, all, ManifestTrust.OtherKey),
            (all, signed, ManifestTrust.Authentic),
            (First, all with { EncryptionKey = null }, ManifestTrust.Authentic),
            (Second, all with { EncryptionKey = null }, ManifestTrust.OtherKey),
            (Some.Plain(), all, ManifestTrust.NotAuthenticated),
        ];

        foreach (var (writer, reader, trust) in table)
        {
            Assert.Equal(trust, TrustIn(Write(writer), reader));
            if (trust != ManifestTrust.NotAuthenticated)
                Assert.Equal(trust == ManifestTrust.OtherKey ? ManifestTrust.Forged : trust, TrustIn(WriteAsBefore(writer), reader));
        }
    }

    [Fact]
    public void A_key_that_is_named_wrongly_vouches_for_nothing()
    {
        var both = Second with { OldEncryptionKeys = First.Passphrases };
        (JsonNode? Id, ManifestTrust Trust)[] table =
        [
            (IdOf(First), ManifestTrust.Forged),
            ("0123456789abcdef", ManifestTrust.OtherKey),
            ("0123456789ABCDEF", ManifestTrust.Forged),
            ("0123456789abcde", ManifestTrust.Forged),
            ("\u001b[2J89abcdef01", ManifestTrust.Forged),
            ("", ManifestTrust.Forged),
        ];

        foreach (var (id, trust) in table)
            Assert.Equal(trust, TrustIn(Changed(Write(both), document => document["key"]!["id"] = id), both));
        Assert.Equal(ManifestTrust.Forged, TrustIn(Changed(Write(both), document => document["key"]!["origin"] = "signing key"), both));
        Assert.Equal(ManifestTrust.Forged, TrustIn(Changed(Write(both), document => document.Remove("key")), both));
    }

    /// <summary>Each costs what guessing a passphrase costs, which adds up over years of keys.</summary>
    [Fact]
    public void Old_keys_are_not_derived_for_backups_of_the_current_one()
    {
        var cannotBeDerived = First with { OldEncryptionKeys = [null!] };

        Assert.Equal(ManifestTrust.Authentic, TrustIn(Write(First), cannotBeDerived));
        Assert.Equal(ManifestTrust.Authentic, TrustIn(Write(cannotBeDerived), First));
        Assert.ThrowsAny<Exception>(() => TrustIn(Write(Second), cannotBeDerived));
    }

    private static string? IdOf(ArchiveSettings settings) => new ManifestKeys(settings, "blog").Current?.Name.Id;

    private byte[] Write(ArchiveSettings settings) => FileOf(settings).Write(Sample);

    private ManifestTrust TrustIn(byte[] json, ArchiveSettings reader) => FileOf(reader).Read(json).Trust;

    private (string? Id, string? Of) Named(ArchiveSettings settings)
    {
        var key = FileOf(settings).Read(Write(settings)).Manifest.Key;
        return (key?.Id, key?.Origin);
    }

    /// <summary>One for all manifests, because its keys take a moment.</summary>
    private ManifestFile FileOf(ArchiveSettings settings)
    {
        if (!_files.TryGetValue(settings, out var file))
            _files.Add(settings, file = new ManifestFile(settings, "blog"));
        return file;
    }

    /// <summary>As versions wrote it that did not name the key.</summary>
    private byte[] WriteAsBefore(ArchiveSettings settings) => Changed(Write(settings), document =>
    {
        document.Remove("key");
        using var parsed = JsonDocument.Parse(document.ToJsonString());
        var mac = new ManifestKeys(settings, "blog").Current!.Mac(CanonicalJson.Write(parsed.RootElement, "authentication"));
        document["authentication"]!["mac"] = Convert.ToHexStringLower(mac);
    });

    private static byte[] Changed(byte[] json, Action<JsonObject> change)
    {
        var document = JsonNode.Parse(json)!.AsObject();
        change(document);
        return Encoding.UTF8.GetBytes(document.ToJsonString());
    }
}
