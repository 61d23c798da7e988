using System.Net;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using BackupSidecar.Stores;

namespace BackupSidecar.Http;

/// <summary>
/// <c>/readyz</c>: whether a backup could begin now. The Docker engine and S3 are really asked, within five seconds, and one answer
/// serves everybody who asks within ten: a probe must not become a load.
/// </summary>
internal sealed class Readiness(Composition program)
{
    private const double LeastFree = 0.1;
    private const string Fine = "OK";
    private const string NotUsed = "not used";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private (DateTimeOffset At, Task<HttpAnswer> Answer)? _last;

    public Task<HttpAnswer> AskAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            var now = program.Time.GetUtcNow();
            if (_last is not { } last || now - last.At >= Lasting || now < last.At)
                _last = last = (now, LookAsync());
            return last.Answer.WaitAsync(cancellation);
        }
    }

    private async Task<HttpAnswer> LookAsync()
    {
        var s3 = program.Stores.FirstOrDefault(store => store.Name == StoreName.S3);
        List<(string What, Task<string> Answer)> questions = [("Docker", WithinLimitAsync(DockerAsync)), ("Disk", Task.FromResult(Disk()))];
        if (s3 is not null)
            questions.Add(("S3", WithinLimitAsync(token => S3Async(s3, token))));
        await Task.WhenAll(questions.Select(question => question.Answer));
        var isReady = questions.TrueForAll(question => question.Answer.Result is Fine or NotUsed);
        var lines = questions.Select(question => $"{question.What}: {program.Reading.Redactor.Redact(question.Answer.Result)}\n");
        return new HttpAnswer(isReady ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, (isReady ? "ready\n" : "not ready\n") + string.Concat(lines));
    }

    private static async Task<string> WithinLimitAsync(Func<CancellationToken, Task<string>> ask)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            return await ask(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return $"there was no answer within {Limit.TotalSeconds:0} seconds.";
        }
    }

    /// <summary>Many a sidecar has no engine to ask, and needs none.</summary>
    private async Task<string> DockerAsync(CancellationToken cancellation)
    {
        var services = program.Settings.Services;
        var isMeant = program.Settings.Labels is not null || services.Stop.Count > 0 || program.Reading.Given.IsGiven(SettingTable.DockerHost)
            || (services.DockerHost.Scheme == "unix" && File.Exists(services.DockerHost.AbsolutePath));
        return isMeant ? await program.EngineProblemAsync(cancellation) ?? Fine : NotUsed;
    }

    private static async Task<string> S3Async(IBackupStore s3, CancellationToken cancellation)
    {
        try
        {
            await s3.FindAsync("readyz", cancellation);
            return Fine;
        }
        catch (StoreException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>A folder that is not there is made by the first backup, if the one above it can be written to.</summary>
    private string Disk()
    {
        var path = Path.GetFullPath(program.Settings.Local?.Path ?? program.Settings.Paths.Staging);
        try
        {
            var there = path;
            while (!Path.Exists(there))
                there = Path.GetDirectoryName(there)!; // The root is there.
            if (!Directory.Exists(there) || !PosixFiles.MayWrite(there))
                return $"{path} cannot be written to.";
            var drive = new DriveInfo(there);
            var free = drive.TotalSize > 0 ? (double)drive.AvailableFreeSpace / drive.TotalSize : 1;
            return free >= LeastFree ? Fine : $"only {free:P0} of {path} are free.";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }
}
