namespace BackupSidecar.Archives.Compression;

/// <summary>A stream that can be looked at before it is taken, and of which the last piece can be given back.</summary>
/// <param name="source">Not disposed.</param>
/// <param name="mostPeeked">How far ahead one can look.</param>
internal sealed class CompressedInput(Stream source, int mostPeeked) : ReadOnlyStream
{
    /// <summary>The most that one <see cref="Read(Span{byte})"/> gives, and that can be given back.</summary>
    public const int PieceBytes = 8 * 1024;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>((2 * mostPeeked) + PieceBytes);
    private int _start;
    private int _end;

    public int LastPiece { get; private set; }

    /// <summary>The next bytes, without taking them; fewer only at the end.</summary>
    public ReadOnlySpan<byte> Peek(int bytes)
    {
        while (_end - _start < bytes && Fill(bytes))
        {
            // Until there are enough.
        }
        return _buffer.AsSpan(_start, Math.Min(bytes, _end - _start));
    }

    /// <summary>What is here already, without taking it; at least one byte, unless at the end.</summary>
    public ReadOnlySpan<byte> PeekAny() => Peek(Math.Max(1, _end - _start));

    public void Skip(int bytes) => _start += bytes;

    public override int Read(Span<byte> buffer)
    {
        LastPiece = Math.Min(Math.Min(buffer.Length, PieceBytes), PeekAny().Length);
        _buffer.AsSpan(_start, LastPiece).CopyTo(buffer);
        _start += LastPiece;
        return LastPiece;
    }

    /// <summary>Fills the span; false if the stream ends before.</summary>
    public bool TryReadExactly(Span<byte> buffer)
    {
        var length = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        _start += length;
        return source.ReadAtLeast(buffer[length..], buffer.Length - length, throwOnEndOfStream: false) == buffer.Length - length;
    }

    public void GiveBackLastPiece()
    {
        _start -= LastPiece;
        LastPiece = 0;
    }

    private bool Fill(int wanted)
    {
        if (_start + wanted > _buffer.Length || _start == _end)
        {
            // The last piece stays in the buffer before the rest, so that it can be given back.
            var kept = Math.Min(_start, PieceBytes);
            _buffer.AsSpan((_start - kept).._end).CopyTo(_buffer);
            _end -= _start - kept;
            _start = kept;
        }
        var read = source.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
