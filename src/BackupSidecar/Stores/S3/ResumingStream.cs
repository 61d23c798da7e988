using Amazon.S3.Model;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// An object read from its start. A connection that breaks, stalls or ends early is taken up again where it stopped, as long
/// as the object is still the same one; the end of the stream is the end of the object or an exception.
/// </summary>
internal sealed class ResumingStream : Stream
{
    private readonly S3Connection _connection;
    private readonly S3Attempt _attempt;
    private readonly string _key;
    private readonly FoundObject _object;
    private readonly Trouble _trouble;
    private GetObjectResponse? _response;
    private long _position;

    /// <param name="connection">The way to the bucket.</param>
    /// <param name="folder">Names the object.</param>
    /// <param name="found">The object as it was found; it must not change while it is read.</param>
    public ResumingStream(S3Connection connection, S3Folder folder, FoundObject found)
    {
        _connection = connection;
        _attempt = new S3Attempt($"read {folder.AddressOf(found.Object.Name)}", "s3:GetObject");
        _key = folder.KeyOf(found.Object.Name);
        _object = found;
        _trouble = connection.NewTrouble();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => _object.Object.Bytes;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Makes the first request, so that a missing right is told on opening.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        if (Length > 0)
            _response = await _connection.TryAsync(_attempt, (s3, watch) => s3.GetObjectAsync(RequestFromHere(), watch.Token), cancellation);
        if (_response is not null && _response.ContentLength != Length - _position)
            throw new StoreException($"S3: cannot {_attempt.What}: the server offers {_response.ContentLength} bytes where {Length - _position} are left.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_position < Length && buffer.Length > 0)
        {
            try
            {
                var read = await _connection.OnceAsync(_attempt, (_, watch) => ReadOnceAsync(buffer, watch.Token), cancellationToken);
                _position += read;
                _trouble.IsOver();
                return read;
            }
            catch (StoreException exception) when (_trouble.IsBearable(exception))
            {
                Drop();
                await _trouble.WaitAsync(cancellationToken);
                await OpenAsync(cancellationToken);
            }
        }
        return 0;
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

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Drop();
        base.Dispose(disposing);
    }

    private async Task<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var wanted = (int)Math.Min(buffer.Length, Length - _position);
        var read = await _response!.ResponseStream.ReadAsync(buffer[..wanted], cancellation);
        return read > 0 ? read : throw new EndOfStreamException($"the body ended after {_position} of {Length} bytes.");
    }

    private GetObjectRequest RequestFromHere()
    {
        var request = new GetObjectRequest { BucketName = _connection.Bucket, Key = _key, EtagToMatch = _object.ETag };
        if (_position > 0)
            request.ByteRange = new ByteRange(_position, Length - 1);
        return request;
    }

    private void Drop()
    {
        _response?.Dispose();
        _response = null;
    }
}
