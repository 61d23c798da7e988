using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// The settings that hold now. On SIGHUP, and when the file with settings has changed, new ones are read and checked, and only take the
/// place of the old if nothing is wrong with them; else the old stay in force, somebody is told, and scheduled runs go on with what was.
/// </summary>
internal sealed class SettingsInForce : IDisposable
{
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(5);

    /// <summary>A file that is being written is left alone for so long.</summary>
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    /// <summary>Runs may still be using what was replaced; reloads are too rare to mind.</summary>
    private readonly List<IDisposable> _retired = [];

    private ConfigurationFile _file;
    private CancellationTokenSource _replaced = new();

    private SettingsInForce(ConfigurationFile file)
    {
        _file = file;
        Program = Composition.Load(SettingsScope.Everything, files: file.Of);
        RemoveCopy();
    }

    public Composition Program { get; private set; }

    private string CopyPath => Path.Combine(Program.Settings.Paths.State, "settings-in-force.env");

    /// <exception cref="ConfigurationException">They cannot be used.</exception>
    public static SettingsInForce Load() => new(ConfigurationFile.Read(ProcessEnvironment.Variables()));

    /// <summary>The program by the settings that hold now, and a token that fires when others do.</summary>
    public (Composition Program, CancellationToken Replaced) Now()
    {
        lock (_gate)
            return (Program, _replaced.Token);
    }

    /// <summary>What a run's environment must say in addition, so that it finds the settings that are in force and not an unchecked file.</summary>
    public IReadOnlyDictionary<string, string> ForRun()
    {
        if (_file.IsCurrent)
            return new Dictionary<string, string>();
        try
        {
            DurableFile.WriteAtomically(CopyPath, System.Text.Encoding.UTF8.GetBytes(_file.Reading.Text ?? ""));
            return new Dictionary<string, string> { [SettingTable.ConfigFile.Name] = CopyPath };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Program.Log.LogWarning("The run cannot be given the settings in force, and reads {File} itself: {Problem}", _file.Path, failure.Message);
            return new Dictionary<string, string>();
        }
    }

    /// <summary>Follows signals and the file until the token fires.</summary>
    public async Task FollowAsync(Signals signals)
    {
        var seen = _file.Stamp;
        try
        {
            while (true)
            {
                var isAsked = await signals.WaitForReloadAsync(LookPause);
                var stamp = FileStamp.Of(_file.Path);
                if (!isAsked && stamp == seen)
                    continue;
                if (!isAsked)
                    await Task.Delay(SettlingTime, Program.Time, signals.Token);
                if (!isAsked && FileStamp.Of(_file.Path) != stamp)
                    continue;
                seen = stamp;
                await ReloadAsync(signals.Token);
            }
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            Program.Log.LogDebug("Settings are followed no longer.");
        }
    }

    public void Dispose()
    {
        RemoveCopy();
        foreach (var old in _retired)
            old.Dispose();
        Program.Dispose();
        _replaced.Dispose();
    }

    private void RemoveCopy()
    {
        if (File.Exists(CopyPath))
            File.Delete(CopyPath);
    }

    private async Task ReloadAsync(CancellationToken cancellation)
    {
        try
        {
            var file = ConfigurationFile.Read(ProcessEnvironment.Variables());
            var next = Composition.Load(SettingsScope.Everything, files: file.Of);
            RequireSameFoundations(next);
            ScheduleInForce.Note(next);
            Replace(next, file);
            next.Log.LogInformation("Configuration reloaded successfully");
        }
        catch (Exception failure) when (failure is ConfigurationException or StoreException or IOException or UnauthorizedAccessException)
        {
            await TellAsync(failure, cancellation);
        }
    }

    /// <summary>What is held open from the start cannot be changed on the way.</summary>
    private void RequireSameFoundations(Composition next)
    {
        var (now, then) = (Program.Settings, next.Settings);
        var changed = now.Paths.State != then.Paths.State ? SettingTable.StateDirectory
            // Whether labels are read at all decides about the usual port as well.
            : (now.Labels is null) != (then.Labels is null) ? LabelSettingTable.Labels
            : now.Http != then.Http ? HttpSettingTable.Port
            : null;
        if (changed is null)
            return;
        next.Dispose();
        throw new ConfigurationException([new ConfigurationFault(changed.Name, "it, or what belongs to it, cannot be changed while the program runs. Restart the container.")]);
    }

    private void Replace(Composition next, ConfigurationFile file)
    {
        CancellationTokenSource replaced;
        lock (_gate)
        {
            replaced = _replaced;
            _retired.AddRange([Program, replaced]);
            _replaced = new CancellationTokenSource();
            _file = file;
            Program = next;
        }
        // The copy stays until the end: a run that has just begun may not have read it yet, and the next one overwrites it.
        replaced.Cancel();
    }

    private async Task TellAsync(Exception failure, CancellationToken cancellation)
    {
        IReadOnlyList<string> problems = failure is ConfigurationException configuration ? [.. configuration.Faults.Select(fault => fault.ToString())] : [failure.Message];
        Program.Log.LogError("The configuration was not reloaded, and what was in force stays in force: {Problems}", string.Join(" | ", problems));
        var now = Program.Time.GetUtcNow();
        var report = new RunReport
        {
            RunId = Guid.NewGuid(),
            Kind = RunKind.Reload,
            BackupName = Program.Settings.Name,
            StartedAt = now,
            FinishedAt = now,
            Outcome = RunOutcome.NotStarted,
            Problems = [.. problems],
        };
        await Program.TellAsync(report.Masked(Program.Reading.Redactor), cancellation);
    }
}
