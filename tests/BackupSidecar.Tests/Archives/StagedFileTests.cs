using BackupSidecar.Archives;

namespace BackupSidecar.Tests.Archives;

public sealed class StagedFileTests
{
    [Fact]
    public void Only_its_owner_may_read_it()
    {
        using var workspace = new Workspace();
        using var writer = new StagedFileWriter(workspace["staged"], Some.Plain());

        writer.Write("secret"u8);
        writer.Complete();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(workspace["staged"]));
    }

    [Fact]
    public void Nothing_is_overwritten()
    {
        using var workspace = new Workspace();
        workspace.Write("staged", "precious"u8);

        Assert.Throws<IOException>(() => new StagedFileWriter(workspace["staged"], Some.Plain()));

        Assert.Equal("precious", File.ReadAllText(workspace["staged"]));
    }

    [Fact]
    public void An_abandoned_file_is_removed_and_a_complete_one_stays()
    {
        using var workspace = new Workspace();
        using (var abandoned = new StagedFileWriter(workspace["abandoned"], Some.Plain()))
            abandoned.Write(Some.Bytes(2_000_000));
        using (var complete = new StagedFileWriter(workspace["complete"], Some.Plain()))
            complete.Complete();

        Assert.False(File.Exists(workspace["abandoned"]));
        Assert.True(File.Exists(workspace["complete"]));
    }

    [Fact]
    public void A_file_that_changed_in_staging_makes_no_archive()
    {
        using var workspace = new Workspace();
        using var staging = new StagedFileWriter(workspace["staged"], Some.Plain());
        staging.Write(Some.Bytes(2_000_000));
        var staged = staging.Complete();
        using (var file = File.OpenWrite(staged.Path))
            file.SetLength(file.Length - 1);
        using var writer = ArchiveWriter.Create(Some.Plain(), Stream.Null);

        Assert.Throws<InvalidDataException>(() => writer.WriteStaged("dump", staged, Some.Attributes, TestContext.Current.CancellationToken));

        Assert.Throws<InvalidDataException>(writer.Complete);
    }

    [Fact]
    public async Task It_takes_a_copied_stream()
    {
        using var workspace = new Workspace();
        var content = Some.Bytes(3_000_001);
        await using var writer = new StagedFileWriter(workspace["staged"], Some.Plain());

        await new MemoryStream(content).CopyToAsync(writer, TestContext.Current.CancellationToken);
        var staged = writer.Complete();

        Assert.Equal((content.Length, Some.Digest(content)), (staged.Bytes, staged.Sha256));
        Assert.Equal(staged.StoredBytes, new FileInfo(staged.Path).Length);
        Assert.Equal(Some.Digest(content), Some.Digest(Host.Bash("gzip -dc < staged", workspace.Path)));
    }
}
