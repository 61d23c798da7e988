using System.Formats.Tar;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Commands;

/// <summary>Archives with a true manifest and a hostile content, given to the program itself: nothing around the targets changes.</summary>
public sealed class HostileArchiveTests : IDisposable
{
    /// <summary>Every name with its inode, links, mode, size, time and target, and every content.</summary>
    private const string Describe =
        "find canary data -printf '%p %i %n %m %s %l\\n' | sort; find canary data -type f -exec sha256sum {} + | sort; stat -c '%i %h %Y' /etc/passwd canary; ls -A";

    private readonly RestoreScene _scene = new();
    private readonly BuiltProgram _program = new();

    public HostileArchiveTests()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir canary; echo alive > canary/bird; ln canary/bird canary/twin; ln -s bird canary/link; echo old > data/a");
        _program.Settings["BACKUP_NAME"] = RestoreScene.Name;
        _program.Settings["BACKUP_DIRS"] = _scene.Folder["data"] + ":data";
        _program.Settings["BACKUP_LOCAL_PATH"] = _scene.Folder["store"];
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = "a passphrase of this test";
    }

    public static TheoryData<string> Hostile => RefusalTests.Hostile;

    public void Dispose()
    {
        _program.Dispose();
        _scene.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Hostile))]
    public async Task A_hostile_archive_changes_nothing_in_place_or_beside(string kind)
    {
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data",
            [Tar.Entry(TarEntryType.Directory, "data/"), Tar.Entry(TarEntryType.RegularFile, "data/first"), .. RefusalTests.HostileArchives[kind]]));
        var before = _scene.Folder.Shell(Describe);

        var inPlace = await _program.RunAsync("restore", "latest", "--yes");
        var beside = await _program.RunAsync("restore", "latest", "--yes", "--to", _scene.Folder["out"]);

        foreach (var ended in (Ended[])[inPlace, beside])
            Assert.Contains((RunOutcome)ended.ExitCode, (RunOutcome[])[RunOutcome.Refused, RunOutcome.Failed]);
        Assert.Equal(before, _scene.Folder.Shell(Describe));
        Assert.False(Path.Exists("/tmp/backup-sidecar-canary"));
    }
}
