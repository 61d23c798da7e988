using System.Buffers;
using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;

namespace BackupSidecar.Stores.S3;

/// <summary>The object that ranges are read of: its ETag is null until the server has told it.</summary>
internal sealed record RangedObject(S3Attempt Attempt, string Key, string? ETag);

/// <summary>
/// A range of an object, fetched into memory. A connection that breaks, stalls or ends early is taken up again where it
/// stopped, as long as the object is still the same one.
/// </summary>
internal sealed class ObjectRange : IDisposable
{
    private readonly S3Connection _connection;
    private readonly RangedObject _object;
    private readonly long _offset;
    private readonly int _size;
    private readonly byte[] _bytes;
    private GetObjectResponse? _opened;
    private int _fetched;
    private int _read;

    /// <param name="connection">The way to the bucket.</param>
    /// <param name="ranged">The object.</param>
    /// <param name="offset">Where the range begins.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="opened">An answer whose body is the range, if it has been asked for already; owned from now on.</param>
    public ObjectRange(S3Connection connection, RangedObject ranged, long offset, int size, GetObjectResponse? opened = null)
    {
        (_connection, _object, _offset, _size, _opened) = (connection, ranged, offset, size, opened);
        _bytes = ArrayPool<byte>.Shared.Rent(size);
    }

    /// <summary>Whether all of it has been read.</summary>
    public bool IsRead => _read == _size;

    /// <exception cref="StoreException">It cannot be had, or the object is another one by now.</exception>
    public async Task FetchAsync(CancellationToken cancellation)
    {
        var trouble = _connection.NewTrouble();
        while (_fetched < _size)
        {
            var before = _fetched;
            try
            {
                await _connection.OnceAsync(_object.Attempt, FetchOnceAsync, cancellation);
            }
            catch (StoreException exception) when (IsBearable(exception))
            {
                await trouble.WaitAsync(cancellation);
            }

            bool IsBearable(StoreException exception)
            {
                if (_fetched > before)
                    trouble.IsOver();
                return trouble.IsBearable(exception);
            }
        }
    }

    /// <summary>Takes the next bytes of what was fetched.</summary>
    public int Read(Span<byte> buffer)
    {
        var read = Math.Min(buffer.Length, _size - _read);
        _bytes.AsSpan(_read, read).CopyTo(buffer);
        _read += read;
        return read;
    }

    /// <summary>Gives the memory back; nothing may be fetching any more.</summary>
    public void Dispose()
    {
        _opened?.Dispose();
        ArrayPool<byte>.Shared.Return(_bytes);
    }

    private async Task<int> FetchOnceAsync(IAmazonS3 s3, SilenceWatch watch)
    {
        using var response = await OpenAsync(s3, watch);
        while (_fetched < _size)
        {
            var read = await response.ResponseStream.ReadAsync(_bytes.AsMemory(_fetched, _size - _fetched), watch.Token);
            if (read == 0)
                throw new EndOfStreamException($"the body ended {_size - _fetched} bytes too early.");
            _fetched += read;
            watch.Progressed();
        }
        return _fetched;
    }

    private async Task<GetObjectResponse> OpenAsync(IAmazonS3 s3, SilenceWatch watch)
    {
        if (_opened is { } opened)
        {
            _opened = null;
            return opened;
        }
        var response = await s3.GetObjectAsync(
            new GetObjectRequest
            {
                BucketName = _connection.Bucket,
                Key = _object.Key,
                EtagToMatch = _object.ETag,
                ByteRange = new ByteRange(_offset + _fetched, _offset + _size - 1),
            },
            watch.Token);
        if (response.ContentLength == _size - _fetched && BeginsAt(response, _offset + _fetched))
            return response;
        using (response)
        {
            S3Failures.ThrowIfNone(response.ETag, _object.Attempt, _connection);
            throw new StoreException($"S3: cannot {_object.Attempt.What}: the server gives {response.ContentLength} bytes ('{response.ContentRange}') "
                + $"where {_size - _fetched} from {_offset + _fetched} on were asked for.");
        }
    }

    /// <summary>Whether the answer is of that part of the object, as far as it says: "bytes 0-8388607/20000000". All of it, from a server that takes no notice of ranges, begins at 0.</summary>
    public static bool BeginsAt(GetObjectResponse response, long offset) =>
        string.IsNullOrEmpty(response.ContentRange)
            ? offset == 0
            : response.ContentRange.StartsWith(string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-"), StringComparison.Ordinal);
}
