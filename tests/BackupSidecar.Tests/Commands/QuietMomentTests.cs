using BackupSidecar.Commands;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Commands;

public sealed class QuietMomentTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 5, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("backup-sidecar-quiet-");
    private readonly FakeClock _clock = new(Now);

    public void Dispose() => _state.Delete(recursive: true);

    [Theory]
    [InlineData(null)]
    [InlineData("0 3 * * *")]
    [InlineData("2 5 * * *")]
    public void Where_nothing_goes_on_there_is_nothing_to_wait_for(string? backups) => Assert.True(Wait(backups).IsCompletedSuccessfully);

    [Fact]
    public async Task A_run_that_is_going_on_is_waited_for()
    {
        Task waiting;
        using (await RunLock.TakeAsync(_state.FullName, "a backup", TestContext.Current.CancellationToken))
        {
            waiting = Wait(backups: null);
            for (var pause = 0; pause < 10; pause++)
                await NextAsync(waiting);
            Assert.False(waiting.IsCompleted);
        }

        for (var pause = 0; pause < 15 && !waiting.IsCompleted; pause++)
            await NextAsync(waiting);

        Assert.True(waiting.IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData("0 5 * * *")]
    [InlineData("1 5 * * *")]
    public async Task A_backup_that_is_due_now_goes_first(string backups)
    {
        var waiting = Wait(backups);
        Assert.False(waiting.IsCompleted);

        for (var pause = 0; pause < 15 && !waiting.IsCompleted; pause++)
            await NextAsync(waiting);

        Assert.True(waiting.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Where_backups_follow_each_other_without_a_pause_it_waits_for_hours_and_not_for_ever()
    {
        var waiting = Wait("* * * * *");

        var pauses = 0;
        for (; !waiting.IsCompleted && pauses < 10_000; pauses++)
            await NextAsync(waiting);

        Assert.Equal(6 * 60 * 6, pauses);
    }

    private Task Wait(string? backups) =>
        new QuietMoment(_state.FullName, backups is null ? null : CronSchedule.Parse(backups, TimeZoneInfo.Utc), _clock).WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Lets one pause go by, until it waits again or has ended.</summary>
    private async Task NextAsync(Task waiting)
    {
        await Task.WhenAny(_clock.UntilTimersAsync(), waiting);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await Task.WhenAny(_clock.UntilTimersAsync(), waiting);
    }
}
