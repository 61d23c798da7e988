using System.Collections.Specialized;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Web;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>A request as it came over the wire, without its body.</summary>
internal sealed record ProxiedRequest(string HttpMethod, string RawUrl, NameValueCollection Headers)
{
    public NameValueCollection QueryString { get; } = HttpUtility.ParseQueryString(RawUrl.Contains('?') ? RawUrl[(RawUrl.IndexOf('?') + 1)..] : "");

    public long BodyBytes => long.Parse(Headers["Content-Length"] ?? "0", CultureInfo.InvariantCulture);

    public override string ToString() => $"{HttpMethod} {RawUrl}";
}

/// <summary>One client's connection: requests are read and answers written by hand, so that it can break at any byte.</summary>
internal sealed class ProxiedConnection(Socket socket, Stream stream) : IDisposable
{
    private const int LongestHead = 64 * 1024;

    private readonly byte[] _buffer = new byte[LongestHead];
    private int _start;
    private int _end;

    /// <summary>Null when the client has closed the connection.</summary>
    public async Task<ProxiedRequest?> ReadHeadAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
                return null;
            _end += read;
        }
        var lines = Encoding.Latin1.GetString(_buffer, _start, length).Split("\r\n");
        _start += length + 4;
        var headers = new NameValueCollection();
        foreach (var line in lines.Skip(1).Select(line => line.Split(':', 2)))
            headers.Add(line[0], line[1].Trim());
        var target = lines[0].Split(' ');
        return new ProxiedRequest(target[0], target[1], headers);
    }

    /// <summary>The next bytes of the request's body; the caller knows how many there are.</summary>
    public async ValueTask<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (_start == _end)
            return await stream.ReadAsync(buffer, cancellation);
        var read = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, read).CopyTo(buffer.Span);
        _start += read;
        return read;
    }

    public async Task WriteAsync(string text, CancellationToken cancellation) => await WriteAsync(Encoding.Latin1.GetBytes(text), cancellation);

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await stream.WriteAsync(bytes, cancellation);
        await stream.FlushAsync(cancellation);
    }

    /// <summary>Breaks the connection as a crash does: the other side is reset, and what was under way is lost.</summary>
    public void Reset()
    {
        if (socket.AddressFamily != AddressFamily.Unix)
            socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
    }
}

/// <summary>The body of a request on its way through the proxy, which may stop, break, or change a bit in the middle.</summary>
internal sealed class PassingBody(ProxiedConnection connection, long length, Fault? fault) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var middle = length / 2;
        if (_position == middle && fault is Fault.ResetInRequest)
            throw new IOException("The proxy breaks off here.");
        if (_position == middle && fault is Fault.StallRequest)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        var end = _position < middle ? middle : length;
        var wanted = (int)Math.Min(buffer.Length, end - _position);
        if (wanted == 0)
            return 0;
        var read = await connection.ReadBodyAsync(buffer[..wanted], cancellationToken);
        if (read == 0)
            throw new IOException("The client broke off.");
        if (_position == middle && fault is Fault.FlipRequest)
            buffer.Span[0] ^= 0x10;
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Only read.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
