namespace BackupSidecar.Configuration;

/// <summary>The local store: the folder that holds the folders of all backup names.</summary>
internal sealed record LocalStoreSettings(string Path);

/// <summary>Whether requests name the bucket in the path or in the host; auto: in the path except at AWS.</summary>
internal enum PathStyle
{
    Auto,
    Path,
    VirtualHost,
}

/// <summary>Whether uploads carry a SHA-256 that the server checks; auto: only at AWS.</summary>
internal enum S3Checksums
{
    Auto,
    Always,
    WhenRequired,
}

/// <summary>The S3 store: the bucket, the way to it, and the keys.</summary>
internal sealed record S3StoreSettings
{
    public required string Bucket { get; init; }

    public Uri Endpoint { get; init; } = new("https://s3.amazonaws.com");

    public string Region { get; init; } = "us-east-1";

    /// <summary>Null together with <see cref="SecretKey"/>: the SDK's own credential chain is used.</summary>
    public Secret? AccessKey { get; init; }

    public Secret? SecretKey { get; init; }

    public Secret? SessionToken { get; init; }

    public PathStyle PathStyle { get; init; } = PathStyle.Auto;

    public S3Checksums Checksums { get; init; } = S3Checksums.Auto;

    /// <summary>BACKUP_S3_CA_FILE: certificates (PEM) that are trusted in addition, or null.</summary>
    public string? CaFile { get; init; }

    /// <summary>BACKUP_S3_PART_SIZE: bytes of every part but the last; null: as the archive and the server need it.</summary>
    public long? PartSize { get; init; }

    /// <summary>BACKUP_S3_MAX_PARTS: how many parts of an upload the server takes.</summary>
    public int MostParts { get; init; } = 10_000;
}
