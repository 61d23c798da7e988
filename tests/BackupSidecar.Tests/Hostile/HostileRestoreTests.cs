using BackupSidecar.Reports;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Hostile;

/// <summary>
/// Whatever an archive holds and whoever vouches for it, nothing outside the target changes; what must be refused leaves the target
/// as it was, to the inode. In the sample each of the corpus goes over one road with one mode, in turn; in the whole over each with all.
/// </summary>
public sealed class HostileRestoreTests
{
    private static readonly string[] Names = [.. HostileCorpus.All.Keys];

    public static TheoryData<string, Road, Mode> Restores => [.. Names.SelectMany((name, index) =>
        Enum.GetValues<Road>().SelectMany(road => Enum.GetValues<Mode>()
            .Where(mode => LongRun.IsWanted || (((int)road * 3) + (int)mode + index) % 9 == 0)
            .Select(mode => (name, road, mode))))];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Restores))]
    public async Task What_is_hostile_changes_nothing_outside(string name, Road road, Mode mode)
    {
        using var scene = new HostileScene();

        var report = await scene.RestoreAsync(HostileCorpus.Stream(name, scene.Canary), road, mode);

        if (HostileCorpus.All[name].IsRefused == true)
            Assert.NotEqual(RunOutcome.Succeeded, report.Outcome);
        if (HostileCorpus.All[name].IsRefused == false)
            Assert.Empty(report.Problems);
    }

    [Fact]
    public void The_corpus_is_large() => Assert.InRange(Names.Length, 60, 1000);
}
