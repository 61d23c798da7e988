using System.Buffers;

namespace BackupSidecar.Archives.Tar;

/// <summary>
/// Takes a tar stream apart into the records of its entries, without changing or dropping a byte of them: ustar, pax, GNU
/// and old formats. Memory is bounded whatever the stream says.
/// </summary>
internal sealed class TarParser(Stream source)
{
    private const int BufferBytes = 512 * 1024;
    private const int WorthOwnRead = 64 * 1024;
    private const int ExtendedHeaderLimit = 1024 * 1024;
    private const int HeaderRecordsLimit = 4 * ExtendedHeaderLimit;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly ArrayBufferWriter<byte> _headerRecords = new();
    private int _start;
    private int _end;
    private long _contentLeft;
    private int _paddingLeft;

    /// <summary>All header records of the current entry, extended ones first, as they stand in the stream.</summary>
    public ReadOnlySpan<byte> HeaderRecords => _headerRecords.WrittenSpan;

    /// <summary>Content of the current entry that was not taken yet.</summary>
    public long ContentLeft => _contentLeft;

    /// <summary>Goes to the next entry, past what was not taken of the current one; null at the end mark.</summary>
    /// <exception cref="InvalidDataException">This is no tar stream, or it ends here.</exception>
    public TarHeader? Next()
    {
        SkipContent();
        _headerRecords.ResetWrittenCount();
        var extended = new PaxRecords();
        while (true)
        {
            var record = TakeRecord();
            if (!record.ContainsAnyExcept((byte)0))
            {
                EnsureEndMark();
                return null;
            }
            if (!TarField.HasValidChecksum(record))
                throw new InvalidDataException("a tar header's checksum is wrong");
            if (!ReadExtended(record, extended))
                return Begin(record, extended);
        }
    }

    /// <summary>The next piece of the current entry's content, valid until the next call; empty at its end.</summary>
    public ReadOnlySpan<byte> TakeContent(int limit = int.MaxValue)
    {
        if (_contentLeft == 0)
            return [];
        EnsureAvailable(1);
        var length = (int)Math.Min(Math.Min(_contentLeft, limit), _end - _start);
        _contentLeft -= length;
        return Take(length);
    }

    /// <summary>
    /// Puts content of the current entry into the destination, straight from the source where that is worth a call of its
    /// own; returns how many bytes, 0 at its end.
    /// </summary>
    public int ReadContent(Span<byte> destination)
    {
        if (_start < _end || _contentLeft < WorthOwnRead)
        {
            var piece = TakeContent(destination.Length);
            piece.CopyTo(destination);
            return piece.Length;
        }
        var read = source.Read(destination[..(int)Math.Min(_contentLeft, destination.Length)]);
        if (read == 0)
            throw TooEarly();
        _contentLeft -= read;
        return read;
    }

    /// <summary>The bytes between the end of the content and the next record; to be taken after the content.</summary>
    public ReadOnlySpan<byte> TakePadding()
    {
        EnsureAvailable(_paddingLeft);
        var padding = Take(_paddingLeft);
        _paddingLeft = 0;
        return padding;
    }

    /// <summary>Reads what follows the end mark, to the end of the stream. tar fills its last block with zeros.</summary>
    /// <exception cref="InvalidDataException">There is something else than zeros.</exception>
    public void SkipTrailer()
    {
        do
        {
            if (_buffer.AsSpan(_start.._end).ContainsAnyExcept((byte)0))
                throw new InvalidDataException("there is something behind the end of the tar stream");
            _start = _end = 0;
        }
        while (Fill());
    }

    private void SkipContent()
    {
        while (!TakeContent().IsEmpty)
        {
            // Only its end matters.
        }
        TakePadding();
    }

    private void EnsureEndMark()
    {
        if (_headerRecords.WrittenCount > 0)
            throw new InvalidDataException("an extended tar header is not followed by an entry");
        if (TakeRecord().ContainsAnyExcept((byte)0))
            throw new InvalidDataException("the tar stream's end mark is incomplete");
    }

    private bool ReadExtended(ReadOnlySpan<byte> record, PaxRecords extended)
    {
        var type = (char)record[TarField.Type];
        if (type is not ('x' or 'g' or 'L' or 'K'))
            return false;
        var size = TarField.Number(record[TarField.Size]);
        if (size is < 0 or > ExtendedHeaderLimit)
            throw new InvalidDataException("an extended tar header is too large");
        Keep(record);
        var body = KeepNext((int)size);
        switch (type)
        {
            case 'x':
                extended.Read(body);
                break;
            case 'g':
                PaxRecords.CheckGlobal(body);
                break;
            case 'L':
                extended.SetPath(TarField.Text(body));
                break;
            default:
                extended.SetLinkTarget(TarField.Text(body));
                break;
        }
        return true;
    }

    private TarHeader Begin(ReadOnlySpan<byte> record, PaxRecords extended)
    {
        var header = TarHeader.Read(record, extended);
        var extends = record[TarField.Type] == 'S' && record[TarField.SparseExtends] != 0;
        Keep(record);
        while (extends)
            extends = KeepNext(TarField.RecordBytes)[TarField.SparseExtensionExtends] != 0;
        _contentLeft = header.Bytes;
        _paddingLeft = Padding(header.Bytes);
        return header;
    }

    private void Keep(ReadOnlySpan<byte> record)
    {
        if (_headerRecords.WrittenCount + record.Length > HeaderRecordsLimit)
            throw new InvalidDataException("a tar entry has too many extended headers");
        _headerRecords.Write(record);
    }

    /// <summary>Keeps so many bytes, and their padding, with the header; returns them without the padding.</summary>
    private ReadOnlySpan<byte> KeepNext(int bytes)
    {
        var left = bytes + Padding(bytes);
        var kept = _headerRecords.WrittenCount;
        for (; left > 0; left -= TarField.RecordBytes)
            Keep(TakeRecord());
        return _headerRecords.WrittenSpan.Slice(kept, bytes);
    }

    private static int Padding(long bytes) => (int)(-bytes & (TarField.RecordBytes - 1));

    private ReadOnlySpan<byte> TakeRecord()
    {
        EnsureAvailable(TarField.RecordBytes);
        return Take(TarField.RecordBytes);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        _start += length;
        return _buffer.AsSpan(_start - length, length);
    }

    private void EnsureAvailable(int bytes)
    {
        while (_end - _start < bytes)
        {
            if (!Fill())
                throw TooEarly();
        }
    }

    private static InvalidDataException TooEarly() => new("the tar stream ends too early");

    private bool Fill()
    {
        // At most one record is left here when more is asked for, so this moves little.
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        var read = source.Read(_buffer, _end, BufferBytes - _end);
        _end += read;
        return read > 0;
    }
}
