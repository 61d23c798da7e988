using System.ComponentModel;
using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>A hook failed: which one, and its last words.</summary>
internal sealed class HookException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// The operator's own steps around a run: the executables of <c>HOOKS_DIR/PHASE.d/</c> in name order, then the command of
/// the settings. Each sees the run's facts in <c>BACKUP_*</c> variables and none of our secrets.
/// </summary>
internal sealed class Hooks(HookSettings settings, string backupName, Guid runId, ILogger log)
{
    private static readonly string[] Phases = ["pre-backup", "post-backup", "on-success", "on-failure", "pre-restore", "post-restore"];

    private const int NotFound = 2;
    private const int NotExecutable = 8;

    /// <summary>Tells of scripts that look like hooks and are none: the bit that makes them executable is easily lost.</summary>
    public void WarnOfSkippedScripts()
    {
        try
        {
            foreach (var script in Phases.SelectMany(Files).Where(file => !IsExecutable(file) && IsScript(file)).Order(StringComparer.Ordinal))
                log.LogWarning("The hook {Script} is not executable and is not run: chmod +x {File}", script, Path.GetFileName(script));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The hooks in {Directory} cannot be read: {Problem}", settings.Directory, failure.Message);
        }
    }

    /// <summary>Runs before anything is stopped.</summary>
    /// <exception cref="HookException">One failed; the rest was not run.</exception>
    public async Task RunBeforeBackupAsync(CancellationToken cancellation)
    {
        var facts = Facts("pre-backup");
        await RunScriptsAsync("pre-backup", facts, cancellation);
        await RunCommandAsync("BACKUP_PRE_COMMAND", settings.PreCommand, facts, cancellation);
    }

    /// <summary>Runs after a run, however it ended. Returns a sentence for each hook that failed; all are run.</summary>
    public async Task<IReadOnlyList<string>> RunAfterBackupAsync(RunReport report, CancellationToken cancellation)
    {
        var problems = new List<string>();
        var verdict = report.Outcome == RunOutcome.Succeeded ? "on-success" : "on-failure";
        foreach (var phase in new[] { "post-backup", verdict })
            await CollectAsync(problems, () => RunScriptsAsync(phase, Facts(phase, report), cancellation));
        await CollectAsync(problems, () => RunCommandAsync("BACKUP_POST_COMMAND", settings.PostCommand, Facts("post-backup", report), cancellation));
        return problems;
    }

    /// <summary>Runs before a restore touches anything.</summary>
    /// <exception cref="HookException">One failed; the rest was not run.</exception>
    public Task RunBeforeRestoreAsync(CancellationToken cancellation) =>
        RunScriptsAsync("pre-restore", Facts("pre-restore"), cancellation);

    /// <summary>Runs after a restore, however it ended. Returns a sentence for each hook that failed.</summary>
    public async Task<IReadOnlyList<string>> RunAfterRestoreAsync(RunReport report, CancellationToken cancellation)
    {
        var problems = new List<string>();
        await CollectAsync(problems, () => RunScriptsAsync("post-restore", Facts("post-restore", report), cancellation));
        return problems;
    }

    private static async Task CollectAsync(List<string> problems, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (HookException failure)
        {
            problems.Add(failure.Message);
        }
    }

    private async Task RunScriptsAsync(string phase, Dictionary<string, string> facts, CancellationToken cancellation)
    {
        foreach (var script in Scripts(phase))
            await RunAsync($"{phase} hook {Path.GetFileName(script)}", new Command(script) { Environment = facts }, cancellation);
    }

    /// <summary>In name order. What is no file, or no executable one, is not a hook.</summary>
    private List<string> Scripts(string phase)
    {
        try
        {
            return [.. Files(phase).Where(IsExecutable).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new HookException($"The {phase} hooks in {DirectoryOf(phase)} cannot be read: {failure.Message}", failure);
        }
    }

    private string? DirectoryOf(string phase) => settings.Directory is { } directory ? Path.Combine(directory, phase + ".d") : null;

    private string[] Files(string phase) => DirectoryOf(phase) is { } directory && Directory.Exists(directory) ? Directory.GetFiles(directory) : [];

    private async Task RunCommandAsync(string setting, string? text, Dictionary<string, string> facts, CancellationToken cancellation)
    {
        // The one place where a shell is right: the operator wrote a command line, and expects it to be one. People write tokens into
        // it, and arguments can be read by everybody.
        const string Script = """command=$HOOK_COMMAND; unset HOOK_COMMAND; eval "$command" """;
        if (text is not null)
            await RunAsync(setting, new Command("/bin/sh", "-c", Script) { Environment = new Dictionary<string, string>(facts) { ["HOOK_COMMAND"] = text } }, cancellation);
    }

    private async Task RunAsync(string what, Command command, CancellationToken cancellation)
    {
        log.LogInformation("Running {Hook}", what);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(settings.Timeout);
        try
        {
            var (result, output) = await RunningProcess.RunAsync(command, limit.Token);
            foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                log.LogDebug("{Hook}: {Line}", what, line);
            if (!result.Succeeded)
                throw new HookException($"The {what} failed with exit code {result.ExitCode}: {LastLines(result, output)}");
        }
        catch (ProcessFailedException failure)
        {
            throw new HookException($"The {what} could not be run: {Reason(failure)}", failure);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HookException($"The {what} did not end within {settings.Timeout.TotalSeconds:0} s (BACKUP_HOOK_TIMEOUT) and was killed.");
        }
    }

    /// <summary>The two mistakes that the system's own words hide.</summary>
    private static string Reason(ProcessFailedException failure) => (failure.InnerException as Win32Exception)?.NativeErrorCode switch
    {
        NotExecutable => "it is no program; a script begins with a line such as #!/bin/sh.",
        NotFound => "the program that its first line (#!) names is not there; Windows line ends are a common reason.",
        _ => failure.Message,
    };

    private static string LastLines(ProcessResult result, string output)
    {
        var words = result.LastWords.Length > 0 ? result.LastWords : output.Trim();
        return words.Length == 0 ? "it said nothing." : words.Length > 2000 ? words[^2000..] : words;
    }

    /// <summary>By its name or its first bytes; a note or a list beside the hooks is none.</summary>
    private static bool IsScript(string path)
    {
        if (path.EndsWith(".sh", StringComparison.Ordinal))
            return true;
        using var file = File.OpenRead(path);
        return file.ReadByte() == '#' && file.ReadByte() == '!';
    }

    private static bool IsExecutable(string path) =>
        (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;

    private Dictionary<string, string> Facts(string phase, RunReport? report = null)
    {
        var facts = new Dictionary<string, string>
        {
            ["BACKUP_PHASE"] = phase,
            ["BACKUP_NAME"] = backupName,
            ["BACKUP_RUN_ID"] = runId.ToString(),
        };
        if (report is null)
            return facts;
        facts["BACKUP_OUTCOME"] = report.Outcome.ToString().ToLowerInvariant();
        facts["BACKUP_TIMESTAMP"] = report.Timestamp ?? "";
        facts["BACKUP_ARCHIVE_NAME"] = report.Archive ?? "";
        facts["BACKUP_ARCHIVE_BYTES"] = report.ArchiveBytes?.ToString(CultureInfo.InvariantCulture) ?? "";
        facts["BACKUP_PROBLEMS"] = string.Join('\n', report.Problems);
        return facts;
    }
}
