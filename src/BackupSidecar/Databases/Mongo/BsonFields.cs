using System.Buffers.Binary;
using System.Text;

namespace BackupSidecar.Databases.Mongo;

/// <summary>The texts, flags and whole numbers at the top of a BSON document; its other fields are passed over.</summary>
internal static class BsonFields
{
    /// <param name="document">The whole document, with its length.</param>
    /// <exception cref="DumpFormatException">It is none.</exception>
    public static IReadOnlyDictionary<string, object> Read(ReadOnlySpan<byte> document)
    {
        var fields = new Dictionary<string, object>();
        try
        {
            var rest = document[4..];
            while (rest[0] != 0)
            {
                var type = rest[0];
                var end = rest[1..].IndexOf((byte)0);
                var name = Encoding.UTF8.GetString(rest.Slice(1, end));
                rest = rest[(end + 2)..];
                var length = Length(type, rest);
                if (Value(type, rest[..length]) is { } value)
                    fields[name] = value;
                rest = rest[length..];
            }
            return fields;
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new DumpFormatException("a header in it is cut off");
        }
    }

    private static object? Value(byte type, ReadOnlySpan<byte> bytes) => type switch
    {
        0x02 => Encoding.UTF8.GetString(bytes[4..^1]),
        0x08 => bytes[0] != 0,
        0x10 => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
        0x12 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        _ => null,
    };

    private static int Length(byte type, ReadOnlySpan<byte> rest) => type switch
    {
        0x02 or 0x0D or 0x0E => 4 + BinaryPrimitives.ReadInt32LittleEndian(rest),
        0x03 or 0x04 => BinaryPrimitives.ReadInt32LittleEndian(rest),
        0x05 => 5 + BinaryPrimitives.ReadInt32LittleEndian(rest),
        0x06 or 0x0A => 0,
        0x07 => 12,
        0x08 => 1,
        0x10 => 4,
        0x01 or 0x09 or 0x11 or 0x12 => 8,
        0x13 => 16,
        _ => throw new DumpFormatException($"a header in it has a field of the type {type}"),
    };
}
