namespace BackupSidecar.Stores;

/// <summary>What a store may compute over an object.</summary>
internal enum ChecksumKind
{
    Md5,
    Sha256,
    Crc32C,
    Crc64Nvme,
}

/// <summary>A checksum of a whole object, as bytes with the highest first.</summary>
internal sealed record StoreChecksum(ChecksumKind Kind, byte[] Value)
{
    /// <summary>
    /// Whether another value shows that the object holds other bytes. What looks like an MD5 may be something else (S3's ETag is, where
    /// the server encrypts): it proves a copy if it fits, and nothing if it does not.
    /// </summary>
    public bool IsCertain => Kind != ChecksumKind.Md5;
}
