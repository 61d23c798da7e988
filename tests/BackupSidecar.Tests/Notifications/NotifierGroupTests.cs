using BackupSidecar.Configuration;
using BackupSidecar.Notifications;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Notifications.Webhooks;
using BackupSidecar.Tests.Reports;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Notifications;

public sealed class NotifierGroupTests
{
    private const int TimeLimit = 30_000;

    private readonly LogRecorder _log = new();
    private readonly FakeClock _clock = new(Sample.Start);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = TimeLimit)]
    public async Task A_start_is_told_in_the_background_and_the_end_after_it()
    {
        var notifier = new Recorder();
        using var group = new NotifierGroup([notifier], _clock, _log);

        group.Started(Sample.Succeeded.RunId);
        var finish = group.FinishedAsync(Sample.Succeeded, Cancellation);
        Assert.False(finish.IsCompleted);
        notifier.StartMayEnd.SetResult();
        await finish;

        Assert.Equal(["start told", "finish told"], notifier.Journal);
        Assert.Empty(_log.Everything);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_start_that_hangs_is_given_up_when_the_run_has_ended()
    {
        var notifier = new Recorder();
        using var group = new NotifierGroup([notifier], _clock, _log);
        group.Started(Sample.Succeeded.RunId);

        var finish = group.FinishedAsync(Sample.Succeeded, Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(5));
        await finish;

        Assert.Equal(["finish told"], notifier.Journal);
        Assert.Contains("given up", Assert.Single(_log.Lines(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task An_end_that_hangs_is_given_up_after_half_a_minute_even_if_it_does_not_listen()
    {
        var notifier = new Recorder { Finish = () => new TaskCompletionSource().Task };
        using var group = new NotifierGroup([notifier], _clock, _log);

        var finish = group.FinishedAsync(Sample.Succeeded, Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(finish.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await finish;

        Assert.Equal("The recorder notification was given up: there was no answer in time.", Assert.Single(_log.Lines(LogLevel.Warning)));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_program_that_is_asked_to_end_gives_up_telling_within_seconds()
    {
        var notifier = new Recorder { Finish = () => new TaskCompletionSource().Task };
        using var group = new NotifierGroup([notifier], _clock, _log);
        using var interrupted = new CancellationTokenSource();
        group.Started(Sample.Succeeded.RunId);

        var finish = group.FinishedAsync(Sample.Succeeded, interrupted.Token);
        await interrupted.CancelAsync();
        Assert.False(finish.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(3));
        await finish;

        Assert.All(_log.Lines(LogLevel.Warning), line => Assert.Contains("given up", line, StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_who_cannot_be_told_does_not_keep_the_others_from_it()
    {
        var broken = new Recorder { Finish = () => throw new InvalidOperationException("http://host/secret-address") };
        var refused = new Recorder { Finish = () => Task.FromException(new NotificationException("SETTING (host) answered 404.")) };
        var fine = new Recorder();
        using var group = new NotifierGroup([broken, refused, fine], _clock, _log);

        await group.FinishedAsync(Sample.Succeeded, Cancellation);

        Assert.Equal(["finish told"], fine.Journal);
        Assert.Equal(
            ["The recorder notification failed: InvalidOperationException", "The recorder notification failed: SETTING (host) answered 404."],
            _log.Lines(LogLevel.Warning));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_start_whose_telling_fails_is_only_logged()
    {
        var notifier = new Recorder();
        notifier.StartMayEnd.SetException(new NotificationException("SETTING (host) answered 404."));
        using var group = new NotifierGroup([notifier], _clock, _log);

        group.Started(Sample.Succeeded.RunId);
        await group.FinishedAsync(Sample.Succeeded, Cancellation);

        Assert.Equal(["finish told"], notifier.Journal);
        Assert.Contains("answered 404", Assert.Single(_log.Lines(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Nobody_to_tell_is_no_problem()
    {
        using var group = new NotifierGroup([], _clock, _log);

        group.Started(Sample.Succeeded.RunId);
        await group.FinishedAsync(Sample.Succeeded, Cancellation);

        Assert.Empty(_log.Everything);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_whole_road_over_the_wire_logs_no_address()
    {
        await using var server = new FakePingServer("404 Not Found", "200 OK", "404 Not Found");
        using var client = new PingClient(new PingPolicy { FirstPause = TimeSpan.FromMilliseconds(1) }, new Random(1), TimeProvider.System);
        var healthchecks = new HealthchecksNotifier(HealthchecksNotifier.ParseUrl(new Secret(server.Url + "/secret-check?secret-query=1")), client);
        using var post = new PostOffice(server.Url + "/secret-hook", _log);
        var webhook = post.Notifier;
        using var group = new NotifierGroup([healthchecks, webhook], TimeProvider.System, _log);

        group.Started(Sample.Succeeded.RunId);
        await server.NextAsync();
        await group.FinishedAsync(Sample.Succeeded, Cancellation);

        Assert.Equal(2, server.Pings.Count);
        Assert.Equal(2, _log.Lines(LogLevel.Warning).Count);
        Assert.DoesNotContain("secret", _log.Everything, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", _log.Everything, StringComparison.Ordinal);
    }

    /// <summary>A notifier whose start takes until a test lets it end.</summary>
    private sealed class Recorder : INotifier
    {
        public string Name => "recorder";

        public TaskCompletionSource StartMayEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Func<Task> Finish { get; init; } = () => Task.CompletedTask;

        public List<string> Journal { get; } = [];

        public async Task StartedAsync(Guid runId, CancellationToken cancellation)
        {
            await StartMayEnd.Task.WaitAsync(cancellation);
            Journal.Add("start told");
        }

        public async Task FinishedAsync(RunReport report, CancellationToken cancellation)
        {
            await Finish();
            Journal.Add("finish told");
        }
    }
}
