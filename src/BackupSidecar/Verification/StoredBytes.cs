using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Stores;

namespace BackupSidecar.Verification;

/// <summary>
/// The first level of a verification, and what a restore does before it looks at a single byte: the stored bytes, read back
/// from the store, are those that were written.
/// </summary>
/// <remarks>
/// The folder holds what a level means; which copies are looked at, and what is told of it, is the run's part. A level builds on
/// the one below it, so a drill that restores would begin where <see cref="ContentCheck"/> ends.
/// </remarks>
internal static class StoredBytes
{
    /// <summary>Reads a copy to its end and compares it with its manifest, or where there is none with the size that the store tells.</summary>
    /// <param name="stored">The copy, from its start.</param>
    /// <param name="expectedBytes">Its length.</param>
    /// <param name="expectedSha256">Its digest, or null if no manifest tells it.</param>
    /// <param name="copyTo">Where the bytes go as well.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="BackupRefusedException">They are others.</exception>
    /// <exception cref="StoreException">The store does not give them to their end.</exception>
    public static async Task CheckAsync(Stream stored, long expectedBytes, string? expectedSha256, Stream copyTo, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1024 * 1024];
        var bytes = 0L;
        for (int read; (read = await ReadAsync(stored, buffer, cancellation)) > 0; bytes += read)
        {
            hash.AppendData(buffer, 0, read);
            await copyTo.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
        var digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (bytes == expectedBytes && (expectedSha256 is null || string.Equals(digest, expectedSha256, StringComparison.OrdinalIgnoreCase)))
            return;
        throw new BackupRefusedException(
            "its bytes are not those that were written "
            + $"({bytes} bytes, SHA-256 {digest}; expected {expectedBytes} bytes{(expectedSha256 is null ? "" : ", " + expectedSha256)})");
    }

    // Only reading is the store's fault, and lets the next store be tried; a full disk of ours is not.
    private static async Task<int> ReadAsync(Stream from, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await from.ReadAsync(buffer, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The archive cannot be read to its end: {error.Message}", cause: error);
        }
    }
}
