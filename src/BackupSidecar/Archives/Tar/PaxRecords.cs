using System.Buffers.Text;
using System.Text;

namespace BackupSidecar.Archives.Tar;

/// <summary>
/// What extended headers said about the next entry: the values that change how its records are read, and those that we
/// show. Everything else in them (extended attributes, access times, …) passes through unread.
/// </summary>
internal sealed class PaxRecords
{
    private readonly HashSet<string> _said = [];
    private bool _isRead;

    public string? Path { get; private set; }

    public string? LinkTarget { get; private set; }

    /// <summary>
    /// Whether what decides about the next records was said twice, or taken back: tar programs differ in which of them counts.
    /// </summary>
    public bool IsAmbiguous { get; private set; }

    /// <summary>The real name of a sparse file; its <see cref="Path"/> is then an invented one.</summary>
    public string? SparseName { get; private set; }

    public bool IsSparse { get; private set; }

    public long? Size { get; private set; }

    public long? OwnerId { get; private set; }

    public long? GroupId { get; private set; }

    public decimal? ModifiedAt { get; private set; }

    /// <summary>Reads the records of one header: <c>LENGTH key=value\n</c>, one after another, without a gap.</summary>
    /// <exception cref="InvalidDataException">They are not that.</exception>
    public void Read(ReadOnlySpan<byte> records)
    {
        // Of two headers of one entry GNU tar forgets the first, whatever the second says; others take both.
        (_isRead, IsAmbiguous) = (true, IsAmbiguous || _isRead);
        while (records.Length > 0)
        {
            Split(ref records, out var key, out var value);
            Set(key, value);
        }
    }

    /// <summary>GNU's older way of telling a long name.</summary>
    public void SetPath(string path)
    {
        Say("path", path.Length == 0);
        Path = path;
    }

    /// <summary>The same for the target of a link.</summary>
    public void SetLinkTarget(string target)
    {
        Say("linkpath", target.Length == 0);
        LinkTarget = target;
    }

    /// <summary>A global header would change every entry behind it, also those of other streams: only comments are let through.</summary>
    public static void CheckGlobal(ReadOnlySpan<byte> records)
    {
        while (records.Length > 0)
        {
            Split(ref records, out var key, out _);
            if (!key.SequenceEqual("comment"u8))
                throw new InvalidDataException("a global tar header sets values for all entries, which is not supported");
        }
    }

    private static void Split(ref ReadOnlySpan<byte> records, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var isNumber = Utf8Parser.TryParse(records, out int length, out var digits);
        if (!isNumber || length <= digits + 2 || length > records.Length || records[digits] != ' ' || records[length - 1] != '\n')
            throw new InvalidDataException("an extended tar header is malformed");
        var record = records[(digits + 1)..(length - 1)];
        var equals = record.IndexOf((byte)'=');
        if (equals <= 0)
            throw new InvalidDataException("an extended tar header holds a record without a key");
        key = record[..equals];
        value = record[(equals + 1)..];
        records = records[length..];
    }

    private void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        // An empty value takes back what an earlier record said.
        if (key.SequenceEqual("path"u8))
            (Path, _) = (Text(value), Say("path", value.IsEmpty));
        else if (key.SequenceEqual("linkpath"u8))
            (LinkTarget, _) = (Text(value), Say("linkpath", value.IsEmpty));
        else if (key.SequenceEqual("size"u8))
            (Size, _) = (Integer(value), Say("size", value.IsEmpty));
        else if (key.SequenceEqual("uid"u8))
            OwnerId = Integer(value);
        else if (key.SequenceEqual("gid"u8))
            GroupId = Integer(value);
        else if (key.SequenceEqual("mtime"u8))
            ModifiedAt = Fraction(value);
        else if (key.StartsWith("GNU.sparse."u8))
            SetSparse(key, value);
    }

    private void SetSparse(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        IsSparse = true;
        if (key.SequenceEqual("GNU.sparse.name"u8))
            (SparseName, _) = (Text(value), Say("GNU.sparse.name", value.IsEmpty));
    }

    private bool Say(string what, bool isTakenBack) => IsAmbiguous |= !_said.Add(what) || isTakenBack;

    private static string? Text(ReadOnlySpan<byte> value)
    {
        if (value.Contains((byte)0))
            throw new InvalidDataException("a name in the tar stream holds a NUL character");
        return value.IsEmpty ? null : Encoding.Latin1.GetString(value);
    }

    private static long? Integer(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return null;
        return Utf8Parser.TryParse(value, out long number, out var used) && used == value.Length
            ? number
            : throw new InvalidDataException("an extended tar header holds a number that is none");
    }

    private static decimal? Fraction(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return null;
        return Utf8Parser.TryParse(value, out decimal number, out var used) && used == value.Length
            ? number
            : throw new InvalidDataException("an extended tar header holds a time that is none");
    }
}
