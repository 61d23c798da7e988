using System.Runtime.InteropServices;

namespace BackupSidecar.Stores;

/// <summary>
/// Writes a spool that nobody follows past the page cache, in aligned pieces of one mebibyte, while the next piece is gathered:
/// bytes that are not read again soon need not push out what the host's databases have there, nor be copied once more.
/// A file system that cannot do this gets the same pieces in the ordinary way.
/// </summary>
internal sealed class DirectSpoolWriter : SpoolWriter
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Memory, offsets and lengths must be multiples of the device's block; no device has a larger one.</summary>
    private const int Alignment = 4096;

    private readonly Spool _spool;
    private nint _gathering = NewPiece();
    private nint _writing = NewPiece();
    private Task _written = Task.CompletedTask;
    private int _length;

    public DirectSpoolWriter(Spool spool)
        : base(spool) => _spool = spool;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_gathering == 0, this);
        while (!buffer.IsEmpty)
        {
            var length = Math.Min(buffer.Length, PieceBytes - _length);
            buffer[..length].CopyTo(Piece(_gathering)[_length..]);
            _length += length;
            buffer = buffer[length..];
            if (_length == PieceBytes)
                Hand();
        }
    }

    /// <summary>Writes the rest, whose length fits no block, in the ordinary way. Nothing may be written after this.</summary>
    public override void Flush()
    {
        ObjectDisposedException.ThrowIf(_gathering == 0, this);
        _written.GetAwaiter().GetResult();
        _spool.EndDirectWrites();
        if (_length > 0)
            _spool.Append(Piece(_gathering)[.._length]);
        _length = 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _gathering != 0)
        {
            // The piece that is being written must not go under the writer's hands; its failure was or will be told elsewhere.
            Task.WhenAny(_written).Wait();
            Free(_gathering);
            Free(_writing);
            _gathering = _writing = 0;
        }
        base.Dispose(disposing);
    }

    private static unsafe nint NewPiece() => (nint)NativeMemory.AlignedAlloc(PieceBytes, Alignment);

    private static unsafe Span<byte> Piece(nint piece) => new((void*)piece, PieceBytes);

    private static unsafe void Free(nint piece) => NativeMemory.AlignedFree((void*)piece);

    private void Hand()
    {
        _written.GetAwaiter().GetResult();
        (_gathering, _writing) = (_writing, _gathering);
        _length = 0;
        var piece = _writing;
        _written = Task.Run(() => _spool.Append(Piece(piece)));
    }
}
