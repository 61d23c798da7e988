namespace BackupSidecar.Archives.Tar;

/// <summary>What the header records of one entry say, with extended headers applied.</summary>
internal sealed record TarHeader
{
    public required string Name { get; init; }

    public required char Type { get; init; }

    public required string LinkTarget { get; init; }

    /// <summary>Length of the content that follows in the stream; for a sparse file what is stored of it, not its apparent size.</summary>
    public required long Bytes { get; init; }

    public required bool IsSparse { get; init; }

    /// <summary>Whether another program may read something else from the same records, so that what we judge is not what it does.</summary>
    public required bool IsAmbiguous { get; init; }

    public required EntryAttributes Attributes { get; init; }

    /// <exception cref="InvalidDataException">The record holds numbers or names that no entry can have.</exception>
    public static TarHeader Read(ReadOnlySpan<byte> record, PaxRecords extended)
    {
        var rawName = extended.SparseName ?? extended.Path ?? PlainName(record);
        if (rawName.Length == 0)
            throw new InvalidDataException("a tar entry has no name");
        var flag = (char)record[TarField.Type];
        var size = extended.Size ?? TarField.Number(record[TarField.Size]);
        if (size is < 0 or > long.MaxValue - TarField.RecordBytes)
            throw new InvalidDataException("a tar entry has an impossible size");
        var type = TypeOf(flag, rawName);
        return new TarHeader
        {
            Name = Normalize(rawName),
            Type = type,
            LinkTarget = type is '1' or '2' ? extended.LinkTarget ?? TarField.Text(record[TarField.LinkTarget]) : "",
            Bytes = HasContent(type) ? size : 0,
            IsSparse = extended.IsSparse || flag == 'S',
            // A size where nothing follows, and a directory's name on what is not one: some skip bytes there that others read.
            IsAmbiguous = extended.IsAmbiguous || (!HasContent(type) && size != 0) || (type == '0' && rawName.EndsWith('/')),
            Attributes = new EntryAttributes(
                (int)(TarField.Number(record[TarField.Mode]) & 0xfff),
                Id(extended.OwnerId ?? TarField.Number(record[TarField.OwnerId])),
                Id(extended.GroupId ?? TarField.Number(record[TarField.GroupId])),
                Time(extended.ModifiedAt ?? TarField.Number(record[TarField.ModifiedAt]))),
        };
    }

    /// <summary>Links, devices, directories and FIFOs have no content, whatever their size field says: so GNU tar and others read it.</summary>
    private static bool HasContent(char type) => type is < '1' or > '6';

    private static char TypeOf(char flag, string name) => flag switch
    {
        // Before there was a type for directories, a slash at the end of the name told them.
        '\0' or '0' when name.EndsWith('/') => '5',
        '\0' or '7' or 'S' => '0',
        _ => flag,
    };

    private static string PlainName(ReadOnlySpan<byte> record)
    {
        var name = TarField.Text(record[TarField.Name]);
        if (!record[TarField.Magic].SequenceEqual("ustar\0"u8))
            return name;
        var prefix = TarField.Text(record[TarField.Prefix]);
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    private static string Normalize(string name)
    {
        while (name.StartsWith("./", StringComparison.Ordinal) && name.Length > 2)
            name = name[2..];
        var trimmed = name.TrimEnd('/');
        return trimmed.Length > 0 ? trimmed : name;
    }

    private static int Id(long value) => value is >= 0 and <= uint.MaxValue
        ? unchecked((int)(uint)value)
        : throw new InvalidDataException("a tar entry has an impossible owner");

    private static DateTimeOffset Time(decimal seconds)
    {
        var earliest = DateTimeOffset.MinValue.ToUnixTimeSeconds();
        var latest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        var within = Math.Clamp(seconds, earliest, latest);
        return DateTimeOffset.UnixEpoch.AddTicks((long)(within * TimeSpan.TicksPerSecond));
    }
}
