using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;

namespace BackupSidecar.Docker;

/// <summary>
/// A program that runs in a container, with its standard streams. The engine sends output and errors as frames on one
/// connection; here they are two again. The engine has no call that ends such a program: whoever starts it must know how.
/// Source of the framing: the engine's API, "Attach to a container", stream format.
/// </summary>
internal sealed class ContainerExec : IAsyncDisposable
{
    private const int FrameHeaderBytes = 8;
    private const int ErrorFrame = 2;
    private const int LongestLine = 16 * 1024;
    private const int MostBuffered = 1024 * 1024;
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(10);

    private readonly DockerEngine _engine;
    private readonly string _id;
    private readonly HijackedConnection _connection;
    private readonly Action<string> _onErrorLine;
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: MostBuffered, resumeWriterThreshold: MostBuffered / 2));
    private readonly StringBuilder _errorLine = new();
    private readonly Decoder _errorText = Encoding.UTF8.GetDecoder();
    private readonly Task _receiving;

    internal ContainerExec(DockerEngine engine, string id, HijackedConnection connection, Action<string> onErrorLine)
    {
        (_engine, _id, _connection, _onErrorLine) = (engine, id, connection, onErrorLine);
        StandardInput = new ExecInput(connection);
        StandardOutput = _output.Reader.AsStream();
        _receiving = Task.Run(ReceiveAsync);
    }

    /// <summary>What the program reads. Close it to give the program its end of input.</summary>
    public Stream StandardInput { get; }

    /// <summary>What the program writes. It must be read to its end, or the program will wait for ever. A lost connection is an <see cref="IOException"/>.</summary>
    public Stream StandardOutput { get; }

    /// <summary>Whether its output and errors have ended.</summary>
    public bool HasEnded => _receiving.IsCompleted;

    /// <summary>Waits for the end of its output and errors, but not for ever; false if they have not ended then.</summary>
    public async Task<bool> EndsWithinAsync(TimeSpan patience) =>
        await Task.WhenAny(_receiving, Task.Delay(patience, _engine.Time)) == _receiving;

    /// <summary>Waits for the end of the streams, and asks how the program ended. Null if nobody knows: that is never a success.</summary>
    /// <exception cref="DockerException">The engine does not say.</exception>
    public async Task<int?> WaitAsync(CancellationToken cancellation)
    {
        await _receiving.WaitAsync(cancellation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(ExitPatience);
        // The streams end a moment before the engine knows how the program ended.
        for (var pause = TimeSpan.FromMilliseconds(10); ; pause *= 2)
        {
            var state = await _engine.InspectExecAsync(_id, cancellation);
            if (!state.Running || patience.IsCancellationRequested)
                return state.Running ? null : state.ExitCode;
            await Task.Delay(pause, patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        // Whoever still fills the pipe must not wait for a reader that has gone.
        await _output.Reader.CompleteAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            var header = new byte[FrameHeaderBytes];
            while (await _connection.Stream.ReadAtLeastAsync(header, FrameHeaderBytes, throwOnEndOfStream: false) is var read and > 0)
            {
                if (read < FrameHeaderBytes)
                    throw new EndOfStreamException();
                var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
                if (length < 0)
                    throw new IOException("The engine sent what is no frame.");
                if (header[0] == ErrorFrame)
                    await ReceiveErrorsAsync(length);
                else
                    await ReceiveOutputAsync(length);
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException or ObjectDisposedException)
        {
            failure = new IOException($"The connection to the Docker engine was lost while a program ran in a container: {error.Message}", error);
        }
        EndErrorLine();
        _connection.EndBoth();
        await _output.Writer.CompleteAsync(failure);
    }

    private async Task ReceiveOutputAsync(int length)
    {
        while (length > 0)
        {
            var memory = _output.Writer.GetMemory(Math.Min(length, 64 * 1024));
            var read = await _connection.Stream.ReadAsync(memory[..Math.Min(length, memory.Length)]);
            if (read == 0)
                throw new EndOfStreamException();
            _output.Writer.Advance(read);
            await _output.Writer.FlushAsync();
            length -= read;
        }
    }

    private async Task ReceiveErrorsAsync(int length)
    {
        var bytes = new byte[Math.Min(length, LongestLine)];
        var text = new char[bytes.Length + 1];
        while (length > 0)
        {
            var read = await _connection.Stream.ReadAsync(bytes.AsMemory(0, Math.Min(length, bytes.Length)));
            if (read == 0)
                throw new EndOfStreamException();
            foreach (var character in text.AsSpan(0, _errorText.GetChars(bytes, 0, read, text, 0)))
                TakeError(character);
            length -= read;
        }
    }

    private void TakeError(char character)
    {
        if (character == '\n' || _errorLine.Length == LongestLine)
            EndErrorLine();
        if (character is not ('\n' or '\r'))
            _errorLine.Append(character);
    }

    private void EndErrorLine()
    {
        if (_errorLine.Length > 0)
            _onErrorLine(_errorLine.ToString());
        _errorLine.Clear();
    }
}
