using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Stores;

public sealed class TroubleTests
{
    private static readonly StoreException Passing = new("the server is restarting", isTransient: true);

    private readonly FakeClock _clock = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_server_may_be_in_trouble_for_twenty_seconds_and_no_longer()
    {
        var trouble = new Trouble(new Patience(), isFirstLook: false, _clock);

        Assert.True(trouble.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.True(trouble.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(trouble.IsBearable(Passing));
    }

    [Fact]
    public void A_first_failure_that_took_long_to_show_is_tried_again()
    {
        var trouble = new Trouble(new Patience(), isFirstLook: false, _clock);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True(trouble.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(trouble.IsBearable(Passing));
    }

    [Fact]
    public void Trouble_that_was_overcome_does_not_count_against_the_next()
    {
        var trouble = new Trouble(new Patience(), isFirstLook: false, _clock);
        Assert.True(trouble.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromMinutes(1));

        trouble.IsOver();

        Assert.True(trouble.IsBearable(Passing));
    }

    [Fact]
    public void A_server_that_never_answered_gets_a_few_seconds_and_no_second_chance_to_be_silent()
    {
        var refusing = new Trouble(new Patience(), isFirstLook: true, _clock);
        Assert.True(refusing.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(refusing.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(refusing.IsBearable(Passing));

        var silent = new Trouble(new Patience(), isFirstLook: true, _clock);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.False(silent.IsBearable(Passing));
    }

    [Fact]
    public async Task A_server_that_says_when_to_come_back_is_left_alone_until_then_and_that_is_no_trouble()
    {
        var trouble = new Trouble(new Patience(), isFirstLook: true, _clock);
        Assert.True(trouble.IsBearable(BusyFor(30)));

        var waiting = trouble.WaitAsync(TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await waiting;

        Assert.True(trouble.IsBearable(Passing));
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.False(trouble.IsBearable(Passing));
    }

    [Fact]
    public async Task A_server_is_left_alone_for_a_minute_in_all_and_no_longer()
    {
        var trouble = new Trouble(new Patience(), isFirstLook: false, _clock);
        foreach (var seconds in (int[])[50, 10])
        {
            Assert.True(trouble.IsBearable(BusyFor(50)));
            var waiting = trouble.WaitAsync(TestContext.Current.CancellationToken);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
            await waiting;
        }

        Assert.True(trouble.IsBearable(BusyFor(50)));
        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.False(trouble.IsBearable(BusyFor(50)));
    }

    [Fact]
    public void What_does_not_pass_is_not_tried_again() =>
        Assert.False(new Trouble(new Patience(), isFirstLook: false, _clock).IsBearable(new StoreException("access denied")));

    private static S3StoreException BusyFor(int seconds) =>
        new("the server is busy", isTransient: true, new IOException()) { RetryAfter = TimeSpan.FromSeconds(seconds) };
}
