using System.Buffers.Text;
using Amazon.S3;
using Amazon.S3.Model;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// Finds, in what a server says of an object, a checksum over all of it that is the server's own work. AWS computes a CRC-64/NVME of
/// whatever comes without a checksum, and most servers give an object that came in one request its MD5 as ETag.
/// </summary>
internal static class ServerChecksum
{
    /// <summary>Nothing larger comes in one request, so no ETag is its MD5.</summary>
    private const long LargestSingleRequest = 5L << 30;

    private const int Md5Digits = 32;

    /// <param name="answer">The answer to a HEAD request in checksum mode.</param>
    /// <param name="isSha256Ours">Whether a SHA-256 went with the upload: it may be no more than our own words.</param>
    public static StoreChecksum? In(GetObjectMetadataResponse answer, bool isSha256Ours) =>
        (answer.ChecksumType == ChecksumType.FULL_OBJECT
            ? From(ChecksumKind.Crc64Nvme, answer.ChecksumCRC64NVME)
                ?? From(ChecksumKind.Crc32C, answer.ChecksumCRC32C)
                ?? (isSha256Ours ? null : From(ChecksumKind.Sha256, answer.ChecksumSHA256))
            : null)
        ?? (answer.ContentLength <= LargestSingleRequest ? FromETag(answer.ETag) : null);

    private static StoreChecksum? From(ChecksumKind kind, string? base64) =>
        !string.IsNullOrEmpty(base64) && Base64.IsValid(base64) ? new StoreChecksum(kind, Convert.FromBase64String(base64)) : null;

    private static StoreChecksum? FromETag(string? tag) =>
        tag?.Trim('"') is { Length: Md5Digits } digits && digits.All(char.IsAsciiHexDigit)
            ? new StoreChecksum(ChecksumKind.Md5, Convert.FromHexString(digits))
            : null;
}
