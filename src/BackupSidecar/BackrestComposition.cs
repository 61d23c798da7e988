using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Commands;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;

namespace BackupSidecar;

/// <summary>Puts together what the verbs of <c>backrest</c> need: where Backrest's configuration is changed, and who tells Backrest of it.</summary>
internal sealed class BackrestComposition : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <exception cref="BackupSidecar.Configuration.ConfigurationException">A default is one that Backrest would not start with.</exception>
    public BackrestComposition(BackrestSettings settings)
    {
        var defaults = PlanDefaultsReader.Read(settings) with { NeverStopped = OwnContainer.FindId() is { } own ? [own] : [] };
        Settings = settings;
        Log = new EventLogger(settings.Log, settings.Redactor, Time, Console.Error);
        Engine = new DockerEngine(settings.DockerHost, Time);
        var file = new ConfigFile(settings.ConfigFile);
        var pending = settings.Apply == ApplyMode.Api ? null : new PendingApply(file, Time);
        Reconciler = new Reconciler(
            settings, defaults, Engine, settings.Apply == ApplyMode.Api ? new ConfigApi(settings.Api, _client) : file, pending, Log);
        Restart = pending is null || settings.Apply != ApplyMode.Restart ? null : new BackrestRestart(settings, Engine, pending, Time, Log);
    }

    public BackrestSettings Settings { get; }

    public TimeProvider Time { get; } = TimeProvider.System;

    public ILogger Log { get; }

    public DockerEngine Engine { get; }

    public Reconciler Reconciler { get; }

    /// <summary>Null where nobody is to be restarted.</summary>
    public BackrestRestart? Restart { get; }

    public void Dispose()
    {
        Engine.Dispose();
        _client.Dispose();
    }
}
