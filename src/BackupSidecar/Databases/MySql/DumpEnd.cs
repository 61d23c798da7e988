namespace BackupSidecar.Databases.MySql;

/// <summary>
/// The end of a dump as it goes by. The tools of both families close a whole dump with a line of its own; the last line must be
/// that one, so that a value which holds the same words is not taken for it.
/// </summary>
internal sealed class DumpEnd
{
    private const int Kept = 4096;

    private readonly byte[] _end = new byte[Kept];
    private int _length;

    /// <summary>Bytes of the dump so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the last line is the closing one.</summary>
    public bool IsWhole
    {
        get
        {
            var end = _end.AsSpan(0, _length).TrimEnd("\r\n "u8);
            return end[(end.LastIndexOf((byte)'\n') + 1)..].StartsWith("-- Dump completed"u8);
        }
    }

    public void Take(ReadOnlySpan<byte> chunk)
    {
        Bytes += chunk.Length;
        var added = chunk.Length > Kept ? chunk[^Kept..] : chunk;
        var stays = Math.Min(_length, Kept - added.Length);
        _end.AsSpan(_length - stays, stays).CopyTo(_end);
        added.CopyTo(_end.AsSpan(stays));
        _length = stays + added.Length;
    }
}
