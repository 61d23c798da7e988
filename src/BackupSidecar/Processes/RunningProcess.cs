using System.Diagnostics;
using System.Text;

namespace BackupSidecar.Processes;

/// <summary>How a program ended. <see cref="LastWords"/> is the bounded end of its standard error, trimmed.</summary>
internal sealed record ProcessResult(int ExitCode, string LastWords)
{
    public bool Succeeded => ExitCode == 0;
}

/// <summary>
/// A child process with its standard input and output as plain streams. Its standard error is always drained, and its end
/// kept, so that a chatty program can neither block nor fill the memory. Disposing kills whatever still runs of it.
/// </summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    private const int LastWordsLimit = 16 * 1024;
    private const int OutputLimit = 1024 * 1024;

    /// <summary>
    /// What a program has said is read within this time after its end. Beyond it, only something that it left running in the
    /// background can still hold its outputs open, perhaps for ever.
    /// </summary>
    private static readonly TimeSpan Afterglow = TimeSpan.FromSeconds(2);

    private static readonly string[] InheritedVariables = ["PATH", "HOME", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private readonly Command _command;
    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();
    private readonly Task _draining;
    private Task? _afterglow;

    private RunningProcess(Command command, Process process, Action<string>? onErrorLine)
    {
        _command = command;
        _process = process;
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
                $"The program '{command.Program}' could not be started: {error.Message}. Is it installed and on the PATH?",
                command.Program, exitCode: null, lastWords: "", error);
        }
    }

    /// <summary>Runs a program that needs no input, and returns how it ended and what it printed (its first mebibyte).</summary>
    public static async Task<(ProcessResult Result, string Output)> RunAsync(Command command, CancellationToken cancellation)
    {
        await using var process = Start(command);
        process.StandardInput.Close();
        var output = new StringBuilder();
        var reading = CollectAsync(process.StandardOutput, output, cancellation);
        var result = await process.WaitAsync(cancellation);
        await Task.WhenAny(reading, process.AfterglowAsync());
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
        return new ProcessResult(_process.ExitCode, await LastWordsAsync());
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
        catch (InvalidOperationException)
        {
            // It ended between the question and the answer: that is what was wanted.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        await LastWordsAsync();
        _process.Dispose();
    }

    private static async Task CollectAsync(Stream stream, StringBuilder output, CancellationToken cancellation)
    {
        var buffer = new char[4096];
        using var reader = new StreamReader(stream, leaveOpen: true);
        while (await reader.ReadAsync(buffer, cancellation) is var count and > 0)
        {
            // What is beyond the limit is read all the same, so that the program does not block, and dropped.
            lock (output)
                output.Append(buffer, 0, Math.Min(count, OutputLimit - output.Length));
        }
    }

    /// <summary>Ends once for all who wait for outputs: asked for first when the program has ended.</summary>
    private Task AfterglowAsync() => _afterglow ??= Task.Delay(Afterglow, CancellationToken.None);

    private async Task<string> LastWordsAsync()
    {
        await Task.WhenAny(_draining, AfterglowAsync());
        lock (_lastLines)
            return string.Join('\n', _lastLines).Trim();
    }

    private async Task DrainAsync(StreamReader errors, Action<string>? onLine)
    {
        var length = 0;
        while (await errors.ReadLineAsync() is { } line)
        {
            onLine?.Invoke(line);
            var kept = line.Length > LastWordsLimit ? line[..LastWordsLimit] : line;
            lock (_lastLines)
            {
                _lastLines.Enqueue(kept);
                length += kept.Length + 1;
                while (length > LastWordsLimit && _lastLines.Count > 1)
                    length -= _lastLines.Dequeue().Length + 1;
            }
        }
    }
}
