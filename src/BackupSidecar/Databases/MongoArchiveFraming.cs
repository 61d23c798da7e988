namespace BackupSidecar.Databases;

/// <summary>
/// Looks at the frame of a mongodump archive as it goes by: the magic number at its start and the terminator of the last
/// block at its end. mongorestore cannot read an archive without a server, so this is all that can be seen of it here.
/// </summary>
internal sealed class MongoArchiveFraming
{
    private static ReadOnlySpan<byte> Magic => [0x6d, 0xe2, 0x99, 0x81];

    private static ReadOnlySpan<byte> Terminator => [0xff, 0xff, 0xff, 0xff];

    private readonly byte[] _first = new byte[4];
    private readonly byte[] _last = new byte[4];
    private long _length;

    /// <summary>Whether what has gone by until now may be a whole archive.</summary>
    public bool IsWhole => _length > 8 && Magic.SequenceEqual(_first) && Terminator.SequenceEqual(_last);

    public void Take(ReadOnlySpan<byte> chunk)
    {
        if (_length < _first.Length)
        {
            var missing = _first.Length - (int)_length;
            chunk[..Math.Min(missing, chunk.Length)].CopyTo(_first.AsSpan((int)_length));
        }
        var end = chunk[^Math.Min(_last.Length, chunk.Length)..];
        _last.AsSpan(end.Length).CopyTo(_last);
        end.CopyTo(_last.AsSpan(_last.Length - end.Length));
        _length += chunk.Length;
    }
}
