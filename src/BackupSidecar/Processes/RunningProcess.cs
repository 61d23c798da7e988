using System.Diagnostics;
using System.Text;

namespace BackupSidecar.Processes;

/// <summary>How a program ended. <see cref="LastWords"/> is the bounded end of its standard error, trimmed.</summary>
internal sealed record ProcessResult(int ExitCode, string LastWords)
{
    private const int KilledBySignal9 = 128 + 9;

    public bool Succeeded => ExitCode == 0;

    /// <summary>Its last words, and how it ended where they cannot tell.</summary>
    public string Ending => (ExitCode, LastWords) switch
    {
        (KilledBySignal9, "") => Killed,
        (KilledBySignal9, _) => $"{Killed}; before that: {LastWords}",
        (_, "") => $"exit code {ExitCode}, without a word",
        _ => LastWords,
    };

    private static string Killed => $"it, or the container that it ran in, was killed (exit code {KilledBySignal9}, SIGKILL), often because memory ran out";
}

/// <summary>
/// A child process with its standard input and output as plain streams. Its standard error is always drained, and its end
/// kept, so that a chatty program can neither block nor fill the memory. Disposing kills whatever still runs of it. Nothing
/// here waits for those who live on with its pipes, such as a service that a script has started.
/// </summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    private const int OutputLimit = 1024 * 1024;

    /// <summary>For pipes whose program has ended, and for a program that the kernel cannot kill at once.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly string[] InheritedVariables = ["PATH", "HOME", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private readonly Command _command;
    private readonly Process _process;
    private readonly LastWords _lastWords = new();
    private readonly Task _draining;

    private RunningProcess(Command command, Process process, Action<string>? onErrorLine)
    {
        _command = command;
        _process = process;
        PosixPipes.Enlarge(StandardInput);
        PosixPipes.Enlarge(StandardOutput);
        _draining = Task.Run(() => DrainAsync(process.StandardError, onErrorLine));
    }

    /// <summary>What the program reads. Close it to give the program its end of input.</summary>
    public Stream StandardInput => _process.StandardInput.BaseStream;

    /// <summary>What the program writes. It must be read to its end, or the program will wait for ever.</summary>
    public Stream StandardOutput => _process.StandardOutput.BaseStream;

    /// <summary>Starts the program.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="onErrorLine">Called with each line of standard error as it comes, from another thread.</param>
    /// <exception cref="ProcessFailedException">The program is not there or may not be run.</exception>
    public static RunningProcess Start(Command command, Action<string>? onErrorLine = null)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            UseShellExecute = false,
            WorkingDirectory = command.WorkingDirectory ?? "",
        };
        var inherited = InheritedVariables
            .Select(name => (name, value: start.Environment.TryGetValue(name, out var value) ? value : null))
            .Where(variable => variable.value is not null)
            .ToList();
        start.Environment.Clear();
        foreach (var (name, value) in inherited)
            start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;

        try
        {
            return new RunningProcess(command, Process.Start(start)!, onErrorLine);
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new ProcessFailedException(
                $"The program '{command.Program}' could not be started. Is it installed and on the PATH? ({error.Message})", error);
        }
    }

    /// <summary>Runs a program that needs no input, and returns how it ended and what it printed (its first mebibyte).</summary>
    public static async Task<(ProcessResult Result, string Output)> RunAsync(Command command, CancellationToken cancellation)
    {
        await using var process = Start(command);
        process.StandardInput.Close();
        var output = new StringBuilder();
        var reading = Task.Run(() => ReadAsync(process.StandardOutput, output), CancellationToken.None);
        var result = await process.WaitAsync(cancellation);
        await EndOfPipeAsync(reading);
        lock (output)
            return (result, output.ToString());
    }

    /// <summary>Waits for the end. On cancellation the program, with its children, is killed before this throws.</summary>
    public async Task<ProcessResult> WaitAsync(CancellationToken cancellation)
    {
        try
        {
            await _process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw;
        }
        await EndOfPipeAsync(_draining);
        return new ProcessResult(_process.ExitCode, _lastWords.ToString());
    }

    /// <summary>Waits for the end, and takes anything but exit code 0 for a failure.</summary>
    /// <exception cref="ProcessFailedException">The program failed.</exception>
    public async Task<ProcessResult> WaitForSuccessAsync(CancellationToken cancellation)
    {
        var result = await WaitAsync(cancellation);
        return result.Succeeded ? result : throw ProcessFailedException.For(_command, result);
    }

    /// <summary>Kills the program and its children at once. Does nothing if it has ended.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or AggregateException or System.ComponentModel.Win32Exception)
        {
            // It ended between the question and the answer: that is what was wanted. Or it has a child of another user,
            // which we may not kill; a signal's handler must not fail for that.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await EndOfPipeAsync(_draining);
        _process.Dispose();
    }

    /// <summary>Everything that the program wrote has been read; what others may write into its pipe later is not waited for.</summary>
    private static async Task EndOfPipeAsync(Task reading) =>
        await reading.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static async Task ReadAsync(Stream source, StringBuilder output)
    {
        var buffer = new char[4096];
        using var reader = new StreamReader(source, leaveOpen: true);
        while (await reader.ReadAsync(buffer, CancellationToken.None) is var count and > 0)
        {
            // What is beyond the limit is read all the same, so that the program does not block, and dropped.
            lock (output)
                output.Append(buffer, 0, Math.Min(count, OutputLimit - output.Length));
        }
    }

    private async Task DrainAsync(StreamReader errors, Action<string>? onLine)
    {
        while (await errors.ReadLineAsync() is { } line)
        {
            onLine?.Invoke(line);
            _lastWords.Add(line);
        }
    }
}
