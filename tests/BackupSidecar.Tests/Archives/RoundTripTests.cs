using BackupSidecar.Archives;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

public sealed class RoundTripTests
{
    private const string UnpackEncrypted = $"gpg --batch --quiet --homedir ../keys --pinentry-mode loopback --passphrase '{Some.Passphrase}' -d ../archive | ";
    private const string Untar = "tar -p --xattrs --xattrs-include='*' --acls --numeric-owner -x";

    [Theory]
    [InlineData(nameof(Compression.Gzip), "z")]
    [InlineData(nameof(Compression.Zstd), " --zstd")]
    [InlineData(nameof(Compression.None), "")]
    public void A_nasty_tree_comes_back_through_the_hosts_own_gpg_and_tar(string compression, string option)
    {
        using var workspace = new Workspace();
        var tree = NastyTree.CreateIn(workspace.NewDirectory("tree"));
        var tar = Host.Bash($"tar -c {NastyTree.TarOptions} .", tree);

        var settings = Some.WithPassphrase(compression: Enum.Parse<Compression>(compression));
        workspace.Write("archive", Some.Archive(settings, writer => writer.WriteTar(new MemoryStream(tar), TestContext.Current.CancellationToken)));
        var keys = workspace.NewDirectory("keys");
        File.SetUnixFileMode(keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var restored = workspace.NewDirectory("restored");
        Host.Bash(UnpackEncrypted + Untar + option, restored);

        Assert.Equal(NastyTree.DescriptionOf(tree), NastyTree.DescriptionOf(restored));
    }

    [Fact]
    public void Our_reader_hands_on_records_from_which_tar_makes_the_same_tree()
    {
        using var workspace = new Workspace();
        var tree = NastyTree.CreateIn(workspace.NewDirectory("tree"));
        var tar = Host.Bash($"tar -c {NastyTree.TarOptions} .", tree);
        var archive = Some.Archive(Some.Plain(), writer => writer.WriteTar(new MemoryStream(tar), TestContext.Current.CancellationToken));

        using var copy = new MemoryStream();
        List<string> names = [];
        using (var reader = ArchiveReader.Open(new MemoryStream(archive), ".tar.gz", Some.Plain()))
        {
            while (reader.NextEntry(TestContext.Current.CancellationToken) is { } entry)
            {
                names.Add(entry.Name);
                entry.CopyRecordsTo(copy);
            }
            reader.Complete();
        }
        copy.Write(new byte[1024]);
        var restored = workspace.NewDirectory("restored");
        Host.Bash(Untar, restored, copy.ToArray());

        Assert.Equal(NastyTree.DescriptionOf(tree), NastyTree.DescriptionOf(restored));
        var found = Host.Text("find . -printf '%P\\0'", tree).Split('\0')[..^1].Select(name => name.Length == 0 ? "." : name);
        Assert.Equal(found.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Types_links_modes_and_owners_are_read_as_tar_wrote_them()
    {
        using var workspace = new Workspace();
        var tree = NastyTree.CreateIn(workspace.NewDirectory("tree"));
        var tar = Host.Bash($"tar -c {NastyTree.TarOptions} --owner=:3000000 --group=:70000 .", tree);
        var archive = Some.Archive(Some.Plain(), writer => writer.WriteTar(new MemoryStream(tar), TestContext.Current.CancellationToken));
        using var reader = ArchiveReader.Open(new MemoryStream(archive), ".tar.gz", Some.Plain());

        Dictionary<string, ArchiveEntry> entries = [];
        while (reader.NextEntry(TestContext.Current.CancellationToken) is { } entry)
            entries[entry.Name] = entry;

        Assert.Equal('5', entries["empty"].Type);
        Assert.Equal('6', entries["fifo"].Type);
        Assert.Equal(('2', "nowhere/at/all"), (entries["dangling"].Type, entries["dangling"].LinkTarget));
        Assert.Equal(new string('t', 200), entries["long-link"].LinkTarget);
        Assert.Contains(entries, pair => pair.Value is { Type: '1', LinkTarget: "./plain/original" or "./plain/hardlink" });
        Assert.Equal(Convert.ToInt32("4755", 8), entries["setuid"].Attributes.Mode);
        Assert.Equal((3000000, 70000), (entries["zero"].Attributes.OwnerId, entries["zero"].Attributes.GroupId));
        Assert.True(entries["sparse"] is { IsSparse: true, Type: '0', Bytes: < 100_000 });
        Assert.Equal("2018-01-02T03:04:05.1234567", entries["precise"].Attributes.ModifiedAt.ToString("yyyy-MM-ddTHH:mm:ss.fffffff"));
        Assert.Equal(1965, entries["before-epoch"].Attributes.ModifiedAt.Year);
        Assert.Contains("latin-\u00e9\u00ff", entries.Keys);
        Assert.Equal("deep", entries.Keys.Single(name => name.EndsWith("bottom", StringComparison.Ordinal)).Split('/')[0]);
    }

    [Fact]
    public void Several_tars_and_own_entries_make_one_archive()
    {
        using var workspace = new Workspace();
        workspace.NewDirectory("in");
        workspace.Write("in/a", "first"u8);
        workspace.Write("in/b", "second"u8);
        var pax = Host.Bash("tar -c --format=pax a", workspace["in"]);
        var gnu = Host.Bash("tar -c --format=gnu b", workspace["in"]);
        var dump = Some.Bytes(2_500_000);
        using var stagedWriter = new StagedFileWriter(workspace["staged"], Some.Plain());
        stagedWriter.Write(dump);
        var staged = stagedWriter.Complete();
        var longName = string.Join('/', Enumerable.Repeat("größe", 60));

        TarContent? content = null;
        workspace.Write("archive", Some.Archive(Some.Plain(), writer =>
        {
            content = writer.WriteTar(new MemoryStream(pax), TestContext.Current.CancellationToken);
            writer.WriteStaged("dump", staged, Some.Attributes, TestContext.Current.CancellationToken);
            writer.WriteTar(new MemoryStream(gnu), TestContext.Current.CancellationToken);
            writer.WriteFile(longName, "long"u8, Some.Attributes with { OwnerId = -2, GroupId = 5_000_000, ModifiedAt = DateTimeOffset.UnixEpoch.AddDays(-1) });
        }));
        workspace.NewDirectory("out");
        Host.Bash("tar -xzf ../archive -p --numeric-owner", workspace["out"]);

        Assert.Equal("first", File.ReadAllText(workspace["out/a"]));
        Assert.Equal("second", File.ReadAllText(workspace["out/b"]));
        Assert.Equal(dump, File.ReadAllBytes(workspace["out/dump"]));
        Assert.Equal("long", File.ReadAllText(workspace["out/" + longName]));
        Assert.Equal("640 1700000000\n", Host.Text("stat -c '%a %Y' out/dump", workspace.Path));
        Assert.Equal("-86400\n", Host.Text($"stat -c '%Y' 'out/{longName}'", workspace.Path));
        Assert.Contains("4294967294/5000000", Host.Text("tar -tvzf archive --numeric-owner", workspace.Path));
        var records = pax.AsSpan(0, pax.AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
        Assert.Equal(new TarContent(5, 1, Sha256OfRecords(records)), content);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1024 * 1024 - 512 - 1)]
    [InlineData(1024 * 1024 - 512)]
    [InlineData(1024 * 1024)]
    [InlineData(1024 * 1024 + 1)]
    [InlineData(5_000_000)]
    public void Any_size_comes_back(int size)
    {
        using var workspace = new Workspace();
        var content = Some.Bytes(size);
        foreach (var compression in Enum.GetValues<Compression>())
        {
            var settings = Some.Plain(compression);
            using var stagedWriter = new StagedFileWriter(workspace[$"staged-{compression}"], settings);
            stagedWriter.Write(content);
            var staged = stagedWriter.Complete();

            var archive = Some.Archive(settings, writer =>
            {
                writer.WriteFile("file", content, Some.Attributes);
                writer.WriteStaged("staged", staged, Some.Attributes, TestContext.Current.CancellationToken);
            });

            Assert.Equal([("file", Some.Digest(content)), ("staged", Some.Digest(content))], Some.ReadAll(archive, Some.ExtensionOf(settings), settings));
            Assert.Equal((size, Some.Digest(content)), (staged.Bytes, staged.Sha256));
        }
    }

    [Fact]
    public void An_archive_without_entries_is_an_archive()
    {
        var archive = Some.Archive(Some.Plain(), _ => { });

        Assert.Empty(Some.ReadAll(archive, ".tar.gz", Some.Plain()));
    }

    /// <summary>One entry of five bytes: everything up to the end of the record in which they stand.</summary>
    private static string Sha256OfRecords(ReadOnlySpan<byte> used)
    {
        var records = new byte[(used.Length + 511) / 512 * 512];
        used.CopyTo(records);
        return Some.Digest(records);
    }
}
