using System.Buffers.Binary;
using System.Text;

namespace BackupSidecar.Databases.Redis;

/// <summary>What a snapshot holds.</summary>
/// <param name="Keys">Keys of each database: "db0" and so on, those that hold any.</param>
/// <param name="Expiring">How many of all the keys have a time to live.</param>
internal sealed record RdbContent(IReadOnlyDictionary<string, long> Keys, long Expiring)
{
    public long AllKeys => Keys.Values.Sum();
}

/// <summary>
/// Counts the keys of a snapshot (RDB) as it goes by, from its first byte to its last opcode. Values are passed over by their lengths
/// and never unpacked, so that no value is too big. Knows the format up to Redis 8.0 and Valkey 8.
/// </summary>
internal sealed class RdbReader
{
    private const int MagicLength = 9;

    private readonly PassingDump _dump;
    private readonly Dictionary<string, long> _keys = [];
    private long _expiring;

    private RdbReader(PassingDump dump) => _dump = dump;

    /// <summary>Null if it holds what only newer servers know.</summary>
    /// <exception cref="DumpFormatException">It is not a snapshot, or not whole.</exception>
    public static RdbContent? Read(PassingDump dump) => new RdbReader(dump).Read();

    private RdbContent? Read()
    {
        var magic = new byte[MagicLength];
        _dump.ReadExactly(magic);
        var text = Encoding.ASCII.GetString(magic);
        if (!(text.StartsWith("REDIS", StringComparison.Ordinal) || text.StartsWith("VALKEY", StringComparison.Ordinal)) || !char.IsAsciiDigit(text[^1]))
            throw new DumpFormatException("it does not begin as a snapshot does");

        var database = "db0";
        var expires = false;
        while (true)
        {
            var opcode = _dump.ReadByte();
            switch (opcode)
            {
                case 0xFF:
                    return new RdbContent(_keys, _expiring);
                case 0xFE:
                    database = $"db{ReadLength()}";
                    break;
                case 0xFD:
                    _dump.Skip(4);
                    expires = true;
                    break;
                case 0xFC:
                    _dump.Skip(8);
                    expires = true;
                    break;
                case 0xFB:
                    SkipLengths(2);
                    break;
                case 0xFA:
                    SkipStrings(2);
                    break;
                case 0xF9:
                    _dump.Skip(1);
                    break;
                case 0xF8:
                    SkipLengths(1);
                    break;
                case 0xF7:
                    // Of a module: its id, and, each behind a length, when it was saved.
                    SkipLengths(1);
                    SkipModuleValue();
                    break;
                case 0xF5:
                    SkipStrings(1);
                    break;
                case 0xF4:
                    SkipLengths(3);
                    break;
                case <= 25:
                    SkipStrings(1);
                    if (!TrySkipValue(opcode))
                        return null;
                    _keys[database] = _keys.GetValueOrDefault(database) + 1;
                    _expiring += expires ? 1 : 0;
                    expires = false;
                    break;
                default:
                    return null;
            }
        }
    }

    /// <summary>The types of values, as rdb.h numbers them.</summary>
    private bool TrySkipValue(byte type)
    {
        switch (type)
        {
            case 0 or (>= 9 and <= 13) or 16 or 17 or 20:
                SkipStrings(1);
                return true;
            case 1 or 2 or 14:
                SkipStrings(ReadLength());
                return true;
            case 3:
                Repeat(() =>
                {
                    SkipStrings(1);
                    // 253 to 255 stand for themselves: not a number, and the infinities.
                    _dump.Skip(_dump.ReadByte() is var length && length >= 253 ? 0 : length);
                });
                return true;
            case 4:
                SkipStrings(2 * ReadLength());
                return true;
            case 5:
                Repeat(() =>
                {
                    SkipStrings(1);
                    _dump.Skip(8);
                });
                return true;
            case 7:
                SkipLengths(1);
                SkipModuleValue();
                return true;
            case 15 or 19 or 21:
                SkipStream(type);
                return true;
            case 18:
                Repeat(() =>
                {
                    SkipLengths(1);
                    SkipStrings(1);
                });
                return true;
            case 24:
                _dump.Skip(8);
                Repeat(() =>
                {
                    SkipLengths(1);
                    SkipStrings(2);
                });
                return true;
            case 25:
                _dump.Skip(8);
                SkipStrings(1);
                return true;
            default:
                return false;
        }
    }

    private void SkipStream(byte type)
    {
        var hasCounters = type >= 19;
        SkipStrings(2 * ReadLength());
        // Length and last id; then first id, greatest deleted id, and entries added.
        SkipLengths(hasCounters ? 8 : 3);
        Repeat(() =>
        {
            SkipStrings(1);
            SkipLengths(hasCounters ? 3 : 2);
            Repeat(() =>
            {
                _dump.Skip(16 + 8);
                SkipLengths(1);
            });
            Repeat(() =>
            {
                SkipStrings(1);
                _dump.Skip(type >= 21 ? 16 : 8);
                _dump.Skip(16 * ReadLength());
            });
        });
    }

    /// <summary>What a module wrote: values behind their kinds, and a 0.</summary>
    private void SkipModuleValue()
    {
        while (ReadLength() is var kind and not 0)
        {
            switch (kind)
            {
                case 1 or 2:
                    SkipLengths(1);
                    break;
                case 3:
                    _dump.Skip(4);
                    break;
                case 4:
                    _dump.Skip(8);
                    break;
                case 5:
                    SkipStrings(1);
                    break;
                default:
                    throw new DumpFormatException("a module's value in it makes no sense");
            }
        }
    }

    private void Repeat(Action one)
    {
        for (var left = ReadLength(); left > 0; left--)
            one();
    }

    private void SkipLengths(int count)
    {
        for (; count > 0; count--)
            ReadLength();
    }

    private void SkipStrings(long count)
    {
        for (; count > 0; count--)
        {
            var (length, encoding) = ReadLengthOrEncoding();
            _dump.Skip(encoding switch
            {
                null => length,
                0 => 1,
                1 => 2,
                2 => 4,
                // Compressed: the length as it stands here, and the length that it had.
                3 => SkippingSecond(ReadLength()),
                _ => throw new DumpFormatException("a text in it has an encoding that there is not"),
            });
        }
    }

    private long SkippingSecond(long first)
    {
        ReadLength();
        return first;
    }

    private long ReadLength() => ReadLengthOrEncoding() is (var length, null)
        ? length
        : throw new DumpFormatException("a length in it is none");

    private (long Length, int? Encoding) ReadLengthOrEncoding()
    {
        var first = _dump.ReadByte();
        return (first >> 6, first) switch
        {
            (0, _) => (first & 0x3F, null),
            (1, _) => (((first & 0x3F) << 8) | _dump.ReadByte(), null),
            (2, 0x80) => (BinaryPrimitives.ReadUInt32BigEndian(Bytes(stackalloc byte[4])), null),
            (2, 0x81) => ((long)BinaryPrimitives.ReadUInt64BigEndian(Bytes(stackalloc byte[8])), null),
            (3, _) => (0, first & 0x3F),
            _ => throw new DumpFormatException("a length in it is none"),
        };
    }

    private Span<byte> Bytes(Span<byte> room)
    {
        _dump.ReadExactly(room);
        return room;
    }
}
