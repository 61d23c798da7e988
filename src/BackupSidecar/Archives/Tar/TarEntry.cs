namespace BackupSidecar.Archives.Tar;

/// <summary>One entry on its way through a <see cref="TarParser"/>.</summary>
internal sealed class TarEntry(TarHeader header, TarParser parser, Func<Exception, Exception> explain) : ArchiveEntry
{
    private bool _isOver;

    public override string Name => header.Name;

    public override char Type => header.Type;

    public override string LinkTarget => header.LinkTarget;

    public override long Bytes => header.Bytes;

    public override bool IsSparse => header.IsSparse;

    public override bool IsAmbiguous => header.IsAmbiguous;

    public override EntryAttributes Attributes => header.Attributes;

    public override Stream Content => field ??= new ContentStream(this);

    public override void CopyContentTo(Stream destination)
    {
        CheckUnread();
        CopyContent(destination);
    }

    public override void CopyRecordsTo(Stream destination)
    {
        CheckUnread();
        destination.Write(parser.HeaderRecords);
        CopyContent(destination);
        destination.Write(TakePadding());
    }

    /// <summary>The reader went on: what is left of this entry cannot be read any more.</summary>
    public void End() => _isOver = true;

    private void CheckUnread()
    {
        if (_isOver || parser.ContentLeft != header.Bytes)
            throw new InvalidOperationException("An entry can be read once, and only before the next one is asked for.");
    }

    private void CopyContent(Stream destination)
    {
        while (TakeContent(int.MaxValue) is { Length: > 0 } piece)
            destination.Write(piece);
    }

    private ReadOnlySpan<byte> TakeContent(int limit)
    {
        try
        {
            return parser.TakeContent(limit);
        }
        catch (InvalidDataException error)
        {
            throw explain(error);
        }
    }

    private ReadOnlySpan<byte> TakePadding()
    {
        try
        {
            return parser.TakePadding();
        }
        catch (InvalidDataException error)
        {
            throw explain(error);
        }
    }

    private sealed class ContentStream(TarEntry entry) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            ObjectDisposedException.ThrowIf(entry._isOver, entry);
            if (buffer.IsEmpty)
                return 0;
            var piece = entry.TakeContent(buffer.Length);
            piece.CopyTo(buffer);
            return piece.Length;
        }
    }
}
