using System.Buffers.Binary;

namespace BackupSidecar.Databases.Mongo;

/// <summary>
/// Reads the frame of a mongodump archive as it goes by: a list of the collections, then blocks of their documents, taking turns,
/// and for each collection an end with the checksum of all its documents. An archive is whole if every collection has its right end.
/// </summary>
internal sealed class MongoArchive
{
    private const uint Magic = 0x8199E26D;
    private const int Terminator = -1;
    private const int ShortestDocument = 5;

    // Documents of a server end at 16 MiB; what describes a collection may be a little more.
    private const int LongestDocument = 48 * 1024 * 1024;

    private readonly PassingDump _dump;
    private readonly HashSet<string> _expected = [];
    private readonly Dictionary<string, (long Documents, ulong Checksum)> _open = [];
    private readonly Dictionary<string, long> _counts = [];

    private MongoArchive(PassingDump dump) => _dump = dump;

    /// <summary>Documents of each collection, as "database.collection".</summary>
    /// <exception cref="DumpFormatException">It is not an archive, or not whole.</exception>
    public static IReadOnlyDictionary<string, long> Read(PassingDump dump)
    {
        if ((uint)dump.ReadInt32LittleEndian() != Magic)
            throw new DumpFormatException("it does not begin as an archive does");
        var archive = new MongoArchive(dump);
        archive.ReadPrelude();
        while (!dump.IsAtEnd)
            archive.ReadBlock();
        var missing = archive._expected.Except(archive._counts.Keys).Concat(archive._open.Keys).Distinct().ToList();
        return missing.Count == 0
            ? archive._counts
            : throw new DumpFormatException($"it ends before the collection {missing[0]} does");
    }

    private void ReadPrelude()
    {
        if (ReadDocument() is null)
            throw new DumpFormatException("it has no header");
        while (ReadDocument() is { } fields)
        {
            // A view has no documents, and those of a time series stand under the name of its buckets.
            if (fields.GetValueOrDefault("type") is not ("view" or "timeseries") && !IsView(fields))
                _expected.Add(Namespace(fields));
        }
    }

    private void ReadBlock()
    {
        var header = ReadDocument() ?? throw new DumpFormatException("a block in it has no header");
        var collection = Namespace(header);
        if (_counts.ContainsKey(collection))
            throw new DumpFormatException($"the collection {collection} goes on after its end");
        var state = _open.GetValueOrDefault(collection, (0, ulong.MaxValue));
        if (header.GetValueOrDefault("EOF") is not true)
        {
            _open[collection] = ReadDocuments(state);
            return;
        }
        if ((ulong)(header.GetValueOrDefault("CRC") as long? ?? 0) != ~state.Checksum)
            throw new DumpFormatException($"the documents of the collection {collection} do not match their checksum");
        if (_dump.ReadInt32LittleEndian() != Terminator)
            throw new DumpFormatException($"documents follow the end of the collection {collection}");
        _open.Remove(collection);
        _counts.Add(collection, state.Documents);
    }

    private (long Documents, ulong Checksum) ReadDocuments((long Documents, ulong Checksum) state)
    {
        var (documents, checksum) = state;
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        while (ReadLength() is var length and not Terminator)
        {
            BinaryPrimitives.WriteInt32LittleEndian(prefix, length);
            checksum = Crc64.Ecma.Append(checksum, prefix);
            _dump.Skip(length - sizeof(int), part => checksum = Crc64.Ecma.Append(checksum, part));
            documents++;
        }
        return (documents, checksum);
    }

    /// <summary>The fields of the next document; null at a terminator.</summary>
    private IReadOnlyDictionary<string, object>? ReadDocument()
    {
        var length = ReadLength();
        if (length == Terminator)
            return null;
        var document = new byte[length];
        BinaryPrimitives.WriteInt32LittleEndian(document, length);
        _dump.ReadExactly(document.AsSpan(sizeof(int)));
        return BsonFields.Read(document);
    }

    private int ReadLength() => _dump.ReadInt32LittleEndian() is var length && length is Terminator or (>= ShortestDocument and <= LongestDocument)
        ? length
        : throw new DumpFormatException("a document in it has a length that there is not");

    private static string Namespace(IReadOnlyDictionary<string, object> fields) =>
        fields.GetValueOrDefault("collection") is string { Length: > 0 } collection
            ? $"{fields.GetValueOrDefault("db")}.{collection}"
            : throw new DumpFormatException("a header in it names no collection");

    /// <summary>Tools that do not say the type say it in the collection's options.</summary>
    private static bool IsView(IReadOnlyDictionary<string, object> fields) =>
        fields.GetValueOrDefault("metadata") is string metadata && metadata.Contains("\"viewOn\":", StringComparison.Ordinal);
}
