using System.Buffers.Binary;
using System.Text;
using BackupSidecar.Databases;

namespace BackupSidecar.Tests.Databases.Mongo;

/// <summary>Archives as mongodump frames them, with documents of our own.</summary>
internal static class MongoArchives
{
    private static readonly byte[] Terminator = [0xFF, 0xFF, 0xFF, 0xFF];

    /// <summary>Two collections whose blocks take turns, an empty one, a view and a time series.</summary>
    public static byte[] Whole { get; } = Make();

    public static byte[] Document(params (string Name, object Value)[] fields)
    {
        var body = new List<byte>();
        foreach (var (name, value) in fields)
        {
            var (type, bytes) = value switch
            {
                string text => (0x02, [.. Int32(Encoding.UTF8.GetByteCount(text) + 1), .. Encoding.UTF8.GetBytes(text), 0]),
                bool flag => (0x08, [(byte)(flag ? 1 : 0)]),
                int number => (0x10, Int32(number)),
                ulong number => (0x12, Int64(number)),
                byte[] document => (0x03, document),
                double => (0x01, new byte[8]),
                _ => throw new ArgumentException($"{value.GetType()}", nameof(fields)),
            };
            body.AddRange([(byte)type, .. Encoding.UTF8.GetBytes(name), 0, .. bytes]);
        }
        return [.. Int32(body.Count + 5), .. body, 0];
    }

    private static byte[] Make()
    {
        byte[] first = Document(("_id", 1), ("name", "a"));
        byte[] second = Document(("_id", 2), ("nested", Document(("x", 1.5))));
        byte[] third = Document(("_id", 3), ("name", new string('x', 3000)));
        return
        [
            0x6D, 0xE2, 0x99, 0x81,
            .. Document(("concurrent_collections", 4), ("version", "0.1"), ("server_version", "7.0.1"), ("tool_version", "100.9.4")),
            .. Metadata("orders", "collection"), .. Metadata("customers", ""), .. Metadata("empty", "collection"),
            .. Metadata("totals", "view"), .. Metadata("weather", "timeseries"),
            .. Document(("db", "shop"), ("collection", "older"), ("metadata", """{"options":{"viewOn":"orders"}}"""), ("size", 0)),
            .. Terminator,
            .. Header("orders"), .. first, .. second, .. Terminator,
            .. Header("customers"), .. third, .. Terminator,
            .. Header("orders"), .. third, .. Terminator,
            .. End("orders", [.. first, .. second, .. third]),
            .. Header("empty"), .. Terminator, .. End("empty", []),
            .. Header("system.buckets.weather"), .. first, .. Terminator, .. End("system.buckets.weather", first),
            .. End("customers", third),
        ];
    }

    private static byte[] Metadata(string collection, string type) =>
        Document(("db", "shop"), ("collection", collection), ("metadata", """{"indexes":[]}"""), ("size", 0), ("type", type));

    private static byte[] Header(string collection) => Document(("db", "shop"), ("collection", collection), ("EOF", false), ("CRC", 0UL));

    private static byte[] End(string collection, byte[] documents) =>
    [
        .. Document(("db", "shop"), ("collection", collection), ("EOF", true), ("CRC", ~Crc64.Ecma.Append(ulong.MaxValue, documents))),
        .. Terminator,
    ];

    private static byte[] Int32(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static byte[] Int64(ulong number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }
}
