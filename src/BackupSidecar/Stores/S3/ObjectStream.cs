using System.Globalization;
using System.Net;
using Amazon.S3.Model;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// An object read from its start, each byte once. While one range is read the next three are on their way, into memory that
/// does not grow with the object; the end of the stream is the end of the object or an exception.
/// </summary>
internal sealed class ObjectStream : Stream
{
    private const int RangeSize = 8 << 20;
    private const int RangesAhead = 4;

    private readonly S3Connection _connection;
    private readonly RangedObject _object;
    private readonly Queue<(ObjectRange Range, Task Fetched)> _ahead = new();
    private readonly CancellationTokenSource _closing = new();
    private bool _isClosed;
    private long _asked;
    private long _position;

    private ObjectStream(S3Connection connection, RangedObject ranged, long length)
    {
        (_connection, _object, Length) = (connection, ranged, length);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Asks for the first range, so that what is missing is told here; its answer says how long the object is.</summary>
    /// <exception cref="StoreException">There is no such object, or it cannot be read.</exception>
    public static async Task<ObjectStream> OpenAsync(S3Connection connection, S3Folder folder, string name, CancellationToken cancellation)
    {
        var unknown = new RangedObject(new S3Attempt($"read {folder.AddressOf(name)}", "s3:GetObject"), folder.KeyOf(name), ETag: null);
        var request = new GetObjectRequest { BucketName = connection.Bucket, Key = unknown.Key, ByteRange = new ByteRange(0, RangeSize - 1) };
        try
        {
            var response = await connection.TryAsync(
                unknown.Attempt,
                async (s3, watch) =>
                {
                    var answer = await s3.GetObjectAsync(request, watch.Token);
                    S3Failures.ThrowIfNone(answer.ETag, unknown.Attempt, connection);
                    return answer;
                },
                cancellation);
            var stream = new ObjectStream(connection, unknown with { ETag = response.ETag }, LengthIn(response, unknown.Attempt));
            stream.Ask(response);
            return stream;
        }
        catch (S3StoreException exception) when (exception.IsNotFound)
        {
            throw new StoreException($"S3: cannot {unknown.Attempt.What}: there is no such object.", isTransient: false, exception);
        }
        catch (S3StoreException exception) when (exception.Status == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // What has no first byte is empty.
            return new ObjectStream(connection, unknown, length: 0);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == Length || buffer.Length == 0)
            return 0;
        while (_asked < Length && _ahead.Count < RangesAhead)
            Ask(opened: null);
        var (range, fetched) = _ahead.Peek();
        await fetched.WaitAsync(cancellationToken);
        var read = range.Read(buffer.Span);
        _position += read;
        if (range.IsRead)
            _ahead.Dequeue().Range.Dispose();
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Blocks the thread; for the archive's readers, which have threads of their own.</summary>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
        // Only read.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await EndAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            EndAsync().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    private async Task EndAsync()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        await _closing.CancelAsync();
        while (_ahead.TryDequeue(out var next))
        {
            // What becomes of a range that nobody wants any more does not matter.
            await next.Fetched.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            next.Range.Dispose();
        }
        _closing.Dispose();
    }

    private void Ask(GetObjectResponse? opened)
    {
        var size = (int)Math.Min(RangeSize, Length - _asked);
        var range = new ObjectRange(_connection, _object, _asked, size, opened);
        _ahead.Enqueue((range, range.FetchAsync(_closing.Token)));
        _asked += size;
    }

    /// <summary>"bytes 0-8388607/20000000"; a server that takes no notice of ranges gives all of it and does not say this.</summary>
    private static long LengthIn(GetObjectResponse response, S3Attempt attempt)
    {
        var range = response.ContentRange;
        var length = string.IsNullOrEmpty(range) ? response.ContentLength
            : long.TryParse(range[(range.LastIndexOf('/') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var total) ? total
            : -1;
        if (response.ContentLength == Math.Min(length, RangeSize) && ObjectRange.BeginsAt(response, 0))
            return length;
        using (response)
            throw new StoreException($"S3: cannot {attempt.What}: the server gives {response.ContentLength} bytes ('{range}') where {RangeSize} were asked for.");
    }
}
