using System.Diagnostics;
using System.Text.Json;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Commands;

/// <summary>What a run of the program left for its caller.</summary>
internal sealed record Ended(int ExitCode, string Output, string Errors)
{
    public string Everything => Output + Errors;

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}

/// <summary>
/// The program as it was built, run as a process of its own on a small stack in a temporary folder: a directory to back up, a local
/// store, and nothing of the test's own environment but the PATH.
/// </summary>
internal sealed class BuiltProgram : IDisposable
{
    public const string Passphrase = "a passphrase that is long enough";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("backup-sidecar-cli-");

    public BuiltProgram()
    {
        foreach (var folder in new[] { "source", "store", "staging", "hooks" })
            _root.CreateSubdirectory(folder);
        File.WriteAllText(Path("source", "letter.txt"), "Dear Sir or Madam\n");
        Settings = new Dictionary<string, string?>
        {
            ["BACKUP_NAME"] = "stack",
            ["BACKUP_DIRS"] = $"{Path("source")}:data",
            ["BACKUP_LOCAL_PATH"] = Path("store"),
            ["BACKUP_STATE_DIR"] = Path("state"),
            ["BACKUP_STAGING_DIR"] = Path("staging"),
            ["BACKUP_HOOKS_DIR"] = Path("hooks"),
            ["BACKUP_ENCRYPTION_KEY"] = Passphrase,
        };
    }

    /// <summary>The program's environment; null takes a variable away.</summary>
    public Dictionary<string, string?> Settings { get; }

    public string History => StateFile("history.jsonl");

    public string Verifications => StateFile("verifications.jsonl");

    /// <summary>Everything in the store's folder but its mark.</summary>
    public IEnumerable<string> Stored => Directory.Exists(Path("store", "stack"))
        ? Directory.GetFiles(Path("store", "stack")).Select(file => System.IO.Path.GetFileName(file)).Where(name => name != OwnNames.StoreMark)
        : [];

    public string Path(params string[] parts) => System.IO.Path.Combine([_root.FullName, .. parts]);

    /// <summary>An executable in one of the folders for hooks.</summary>
    public void Hook(string phase, string name, string script)
    {
        var path = Path("hooks", $"{phase}.d", name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!); // It has one.
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public Process Start(params string[] arguments) => StartAs(System.IO.Path.Combine(AppContext.BaseDirectory, "backup-sidecar"), arguments);

    /// <summary>Starts the program by another name of it.</summary>
    public Process StartAs(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Where(name => name is not ("PATH" or "DOTNET_ROOT")).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in Settings.Where(setting => setting.Value is not null))
            start.Environment[name] = value;
        var process = Process.Start(start)!; // UseShellExecute is off, so there is a process.
        process.StandardInput.Close();
        return process;
    }

    public async Task<Ended> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        return await EndOfAsync(process);
    }

    public static async Task<Ended> EndOfAsync(Process process)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation);
            return new Ended(process.ExitCode, await output, await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => _root.Delete(recursive: true);

    private string StateFile(string name) => File.Exists(Path("state", name)) ? File.ReadAllText(Path("state", name)) : "";
}
