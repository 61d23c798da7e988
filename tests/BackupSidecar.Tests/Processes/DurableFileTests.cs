using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Processes;

public sealed class DurableFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("durable-");

    private string FilePath => Path.Combine(_folder.FullName, "state.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_file_is_replaced_as_a_whole_and_is_for_its_owner_only()
    {
        DurableFile.WriteAtomically(FilePath, "the old and longer content"u8);
        DurableFile.WriteAtomically(FilePath, "new"u8);

        Assert.Equal("new", File.ReadAllText(FilePath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void The_remains_of_a_crash_are_not_in_the_way()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, ".state.json.new"), "half");

        DurableFile.WriteAtomically(FilePath, "whole"u8);

        Assert.Equal("whole", File.ReadAllText(FilePath));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void A_removed_file_may_be_removed_again()
    {
        DurableFile.WriteAtomically(FilePath, "content"u8);

        DurableFile.Delete(FilePath);
        DurableFile.Delete(FilePath);

        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public void A_directory_that_is_not_there_is_named()
    {
        var error = Assert.Throws<IOException>(() => PosixFiles.FlushFolder("/no/such/directory"));

        Assert.Contains("/no/such/directory", error.Message, StringComparison.Ordinal);
        Assert.Contains("No such file or directory", error.Message, StringComparison.Ordinal);
    }
}
