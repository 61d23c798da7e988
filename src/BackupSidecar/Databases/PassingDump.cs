using System.Buffers.Binary;

namespace BackupSidecar.Databases;

/// <summary>What goes by is not what its format says, or ends too early.</summary>
internal sealed class DumpFormatException(string message) : Exception(message);

/// <summary>
/// A dump that is read for what it holds while it goes by. Every chunk is handed on first and read here afterwards, with bounded
/// memory. Whoever reads may stop anywhere; the rest then goes by unread.
/// </summary>
internal sealed class PassingDump
{
    private const int ChunkSize = 256 * 1024;

    private readonly Stream _source;
    private readonly Action<byte[], int> _take;
    private readonly byte[] _chunk = new byte[ChunkSize];
    private int _next;
    private int _length;

    private PassingDump(Stream source, Action<byte[], int> take) => (_source, _take) = (source, take);

    /// <summary>Whether all has been read.</summary>
    public bool IsAtEnd => !TryFill();

    /// <summary>Lets a dump go by, on a thread that may block: each chunk to <paramref name="take"/>, and all of them to <paramref name="read"/>.</summary>
    /// <exception cref="DumpFormatException">As <paramref name="read"/> throws it.</exception>
    public static async Task<T> ReadAsync<T>(
        Stream source, Action<byte[], int> take, Func<PassingDump, T> read, Action kill, CancellationToken cancellation)
    {
        await using var registration = cancellation.Register(kill);
        try
        {
            var result = await Task.Run(() => Read(new PassingDump(source, take), read), CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            return result;
        }
        catch (Exception error) when (error is DumpFormatException or DatabaseException && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("The dump was cancelled.", error, cancellation);
        }
    }

    public byte ReadByte()
    {
        RequireMore();
        return _chunk[_next++];
    }

    public void ReadExactly(Span<byte> bytes)
    {
        for (var done = 0; done < bytes.Length;)
        {
            RequireMore();
            var length = Math.Min(_length - _next, bytes.Length - done);
            _chunk.AsSpan(_next, length).CopyTo(bytes[done..]);
            _next += length;
            done += length;
        }
    }

    public int ReadInt32LittleEndian()
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        ReadExactly(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    /// <summary>Passes over so many bytes; <paramref name="see"/>, if given, sees them.</summary>
    public void Skip(long count, PartSeen? see = null)
    {
        while (count > 0)
        {
            RequireMore();
            var length = (int)Math.Min(_length - _next, count);
            see?.Invoke(_chunk.AsSpan(_next, length));
            _next += length;
            count -= length;
        }
    }

    private static T Read<T>(PassingDump dump, Func<PassingDump, T> read)
    {
        var result = read(dump);
        do
            dump._next = dump._length;
        while (dump.TryFill());
        return result;
    }

    private void RequireMore()
    {
        if (!TryFill())
            throw new DumpFormatException("it ends too early");
    }

    private bool TryFill()
    {
        if (_next < _length)
            return true;
        (_next, _length) = (0, ReadSource());
        if (_length > 0)
            _take(_chunk, _length);
        return _length > 0;
    }

    /// <summary>What fails here is the connection to the tool, and not the disk that the dump goes to.</summary>
    private int ReadSource()
    {
        try
        {
            return _source.Read(_chunk, 0, ChunkSize);
        }
        catch (IOException error)
        {
            throw new DatabaseException($"the dump broke off: {error.Message}", error);
        }
    }

    /// <summary>Takes a piece of what is passed over.</summary>
    internal delegate void PartSeen(ReadOnlySpan<byte> part);
}
