using System.Text;
using System.Text.Json.Nodes;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

public sealed class ManifestFileTests
{
    private static readonly ManifestFile Ours = new(Some.WithPassphrase(), "blog");

    private static readonly Manifest Sample = new()
    {
        CreatedBy = "backup-sidecar 1.2.3",
        RunId = Guid.Parse("0199a0f0-1111-7222-8333-444455556666"),
        BackupName = "blog",
        Archive = "blog-2026-11-20-030000.tar.gz.gpg",
        StartedAt = DateTimeOffset.Parse("2026-11-20T03:00:00+01:00"),
        FinishedAt = DateTimeOffset.Parse("2026-11-20T03:00:05.123+01:00"),
        TimeZone = "Europe/Berlin",
        Compression = "gzip",
        Encryption = "passphrase",
        Sources =
        [
            new ManifestSource { Kind = "postgres", Entry = "postgres-blog.dump", Origin = "db:5432/blog", State = SourceState.Complete, Bytes = 1L << 40, Entries = 1, Sha256 = "ab" },
            new ManifestSource { Kind = "directory", Entry = "uploads", Origin = "/größe \"x\"", State = SourceState.Incomplete, Skipped = ["a\nb", "\u0001\u2028🔑"], Problem = "changed" },
        ],
        Stored = new StoredArchive(123456789012, "cd"),
    };

    [Fact]
    public void A_manifest_comes_back_authentic()
    {
        var (manifest, trust) = Ours.Read(Ours.Write(Sample));

        Assert.Equal(ManifestTrust.Authentic, trust);
        Assert.Equivalent(Sample with { Key = manifest.Key, Authentication = manifest.Authentication }, manifest, strict: true);
        Assert.False(manifest.IsComplete);
    }

    [Fact]
    public void It_is_JSON_for_people()
    {
        var text = Encoding.UTF8.GetString(Ours.Write(Sample));

        Assert.StartsWith("{\n  \"format\": 1,\n  \"createdBy\": \"backup-sidecar 1.2.3\",\n", text);
        Assert.Contains("\"state\": \"incomplete\"", text);
        Assert.Contains("\"startedAt\": \"2026-11-20T03:00:00+01:00\"", text);
        Assert.Contains("/größe \\\"x\\\"", text);
        Assert.Contains("\"algorithm\": \"HMAC-SHA256\"", text);
        Assert.DoesNotContain(Some.Passphrase, text);
        Assert.DoesNotContain("isComplete", text);
    }

    [Fact]
    public void Spelling_does_not_matter_to_the_signature()
    {
        var document = JsonNode.Parse(Ours.Write(Sample))!.AsObject();
        var reversed = new JsonObject(document.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));

        Assert.Equal(ManifestTrust.Authentic, Ours.Read(Encoding.UTF8.GetBytes(reversed.ToJsonString())).Trust);
    }

    [Fact]
    public void Every_changed_added_or_removed_value_is_found()
    {
        var signed = Ours.Write(Sample);
        var paths = Leaves(JsonNode.Parse(signed)!).Where(path => !path.StartsWith("$.authentication", StringComparison.Ordinal)).ToList();

        Assert.InRange(paths.Count, 25, 60);
        foreach (var path in paths)
            Assert.True(TrustIn(signed, path, Changed) is ManifestTrust.Forged or null, path);
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.backupName", node => node.Parent!["future"] = 1));
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.stored.bytes", node => node.Parent!["future"] = 1));
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.stored", node => node.Parent!.AsObject().Remove("stored")));
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.sources[0]", node => node.Parent!.AsArray().RemoveAt(0)));
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.authentication.mac", node => node.ReplaceWith("00")));
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.authentication.mac", node => node.ReplaceWith("not hex")));
        Assert.Equal(ManifestTrust.Forged, TrustIn(signed, "$.authentication.algorithm", node => node.ReplaceWith("none")));
        Assert.Equal(ManifestTrust.NotAuthenticated, TrustIn(signed, "$.authentication", node => node.Parent!.AsObject().Remove("authentication")));
    }

    [Fact]
    public void Members_of_later_versions_are_ignored_but_signed()
    {
        var document = JsonNode.Parse(new ManifestFile(Some.Plain(), "blog").Write(Sample))!;
        document["future"] = new JsonObject { ["b"] = 1.50, ["a"] = null };

        var (manifest, trust) = Ours.Read(Encoding.UTF8.GetBytes(document.ToJsonString()));

        Assert.Equal((Sample.Archive, ManifestTrust.NotAuthenticated), (manifest.Archive, trust));
    }

    [Fact]
    public void The_key_decides_who_is_trusted()
    {
        var signing = Some.Plain() with { SigningKey = new Secret("signing key") };
        var recipients = Some.Plain() with { RecipientsFile = "/keys/recipients.asc" };
        (ArchiveSettings Writer, string WriterName, ArchiveSettings Reader, ManifestTrust Trust)[] table =
        [
            (Some.WithPassphrase(), "blog", Some.WithPassphrase(), ManifestTrust.Authentic),
            (Some.WithPassphrase(), "blog", Some.WithPassphrase("other"), ManifestTrust.OtherKey),
            (Some.WithPassphrase(), "shop", Some.WithPassphrase(), ManifestTrust.OtherKey),
            (Some.WithPassphrase(), "blog", Some.Plain(), ManifestTrust.NotAuthenticated),
            (Some.Plain(), "blog", Some.WithPassphrase(), ManifestTrust.NotAuthenticated),
            (signing, "blog", signing, ManifestTrust.Authentic),
            (signing, "shop", signing, ManifestTrust.Authentic),
            (signing, "blog", signing with { EncryptionKey = new Secret("also") }, ManifestTrust.Authentic),
            (signing, "blog", Some.WithPassphrase("signing key"), ManifestTrust.OtherKey),
            (recipients, "blog", recipients, ManifestTrust.NotAuthenticated),
            (recipients with { SigningKey = signing.SigningKey }, "blog", signing, ManifestTrust.Authentic),
        ];

        foreach (var (writer, name, reader, trust) in table)
            Assert.Equal(trust, new ManifestFile(reader, "blog").Read(new ManifestFile(writer, name).Write(Sample)).Trust);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":"1"}""")]
    [InlineData("""{"format":0}""")]
    [InlineData("""{"format":1,"format":1}""")]
    [InlineData("""{"format":1.5}""")]
    public void What_is_no_manifest_is_refused(string json) =>
        Assert.Throws<BackupRefusedException>(() => Ours.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_later_format_is_refused_with_a_way_out()
    {
        var error = Assert.Throws<BackupRefusedException>(() => Ours.Read("""{"format":2}"""u8));

        Assert.Contains("format 2", error.Message);
        Assert.Contains("newer version", error.Message);
    }

    [Fact]
    public void More_than_16_MiB_are_refused() =>
        Assert.Throws<BackupRefusedException>(() => Ours.Read(new byte[(16 * 1024 * 1024) + 1]));

    [Fact]
    public void Generated_documents_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(20261120);
        var signed = Ours.Write(Sample);
        var answers = new HashSet<ManifestTrust?>();
        for (var i = 0; i < 20_000; i++)
        {
            var document = signed.ToList();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                Mutate(document, random);
            answers.Add(TrustOrRefusal([.. document]));
        }

        // A change of white space leaves it authentic; a lost brace is refused; most others are forgeries.
        Assert.Superset(new HashSet<ManifestTrust?> { null, ManifestTrust.Forged, ManifestTrust.Authentic }, answers);
    }

    private static void Mutate(List<byte> document, Random random)
    {
        var position = random.Next(document.Count);
        switch (random.Next(5))
        {
            case 0:
                document[position] = (byte)random.Next(256);
                break;
            case 1:
                document.RemoveRange(position, Math.Min(random.Next(1, 30), document.Count - position));
                break;
            case 2:
                document.InsertRange(position, random.GetItems<byte>([.. " \n\\u{}[],:\"0-e"u8, 0xff, 0], random.Next(1, 4)));
                break;
            case 3:
                document.InsertRange(position, "\\ud800"u8);
                break;
            default:
                document.InsertRange(position, document.Slice(random.Next(position + 1), 1));
                break;
        }
    }

    private static ManifestTrust? TrustOrRefusal(byte[] json)
    {
        try
        {
            return Ours.Read(json).Trust;
        }
        catch (BackupRefusedException)
        {
            return null;
        }
    }

    private static ManifestTrust? TrustIn(byte[] signed, string path, Action<JsonNode> change)
    {
        var document = JsonNode.Parse(signed)!;
        change(Leaf(document, path));
        return TrustOrRefusal(Encoding.UTF8.GetBytes(document.ToJsonString()));
    }

    private static JsonNode Leaf(JsonNode node, string path) =>
        Nodes(node).Single(candidate => candidate.GetPath() == path);

    private static IEnumerable<string> Leaves(JsonNode node) =>
        Nodes(node).Where(candidate => candidate is JsonValue).Select(candidate => candidate.GetPath());

    private static IEnumerable<JsonNode> Nodes(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(member => Nodes(member.Value!)).Prepend(node),
        JsonArray items => items.SelectMany(item => Nodes(item!)).Prepend(node),
        _ => [node],
    };

    private static void Changed(JsonNode leaf)
    {
        var value = leaf.AsValue();
        if (value.TryGetValue<long>(out var number))
            leaf.ReplaceWith(number + 1);
        else
            leaf.ReplaceWith(value.GetValue<string>() + "x");
    }
}
