using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Restore;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Verification;

/// <summary>Whatever happens to a stored backup is seen by every level, in the store where it happened and in no other.</summary>
public sealed class StoredDamageTests(TwoBackups whole) : IClassFixture<TwoBackups>, IDisposable
{
    private readonly RestoreScene _scene = whole.Copy();

    public void Dispose() => _scene.Dispose();

    public static TheoryData<string, string, string> Damages => [.. StoredDamage.All.Keys.SelectMany(damage =>
        new[] { "local", "s3" }.SelectMany(store => new[] { "stored", "content" }.Select(level => (damage, store, level))))];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_is_refused_in_the_store_where_it_is(string damage, string store, string level)
    {
        var (other, name) = (whole.Older, whole.Newer);
        IBackupStore damaged = store == "local" ? _scene.Local : _scene.Far;
        await StoredDamage.All[damage].DoAsync(damaged, name, other, Token);
        // What is young and without a manifest may still be being committed.
        _scene.VerifyClock = new FakeClock(DateTimeOffset.UtcNow.AddHours(1));

        var (report, found) = await _scene.VerifyAsync(new VerifyOptions { Level = Enum.Parse<VerificationLevel>(level, ignoreCase: true) });

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        var refused = Assert.Single(found, copy => copy.Copy.Result != VerificationResult.Good);
        Assert.Equal((store, VerificationResult.Refused, name), (refused.Copy.Store, refused.Copy.Result, refused.Name));
        Assert.Contains(StoredDamage.All[damage].Words, refused.Copy.Problem, StringComparison.Ordinal);
        Assert.Single(found, copy => copy.Copy.Result == VerificationResult.Good && copy.Copy.Store != store);
        Assert.Equal(RunOutcome.Succeeded, (await _scene.VerifyAsync(new VerifyOptions { Backup = other.Timestamp })).Report.Outcome);
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
