using System.Text;

namespace BackupSidecar.Notifications;

/// <summary>Text as bytes that fit a receiver's limit.</summary>
internal static class PingBody
{
    private static readonly byte[] CutMark = Encoding.UTF8.GetBytes("\n… truncated …");

    /// <summary>The text as UTF-8; if it is too long, its beginning with a mark. No character is cut in two.</summary>
    public static byte[] Fit(string text, int limit)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= limit)
            return bytes;
        return limit > CutMark.Length ? [.. Beginning(bytes, limit - CutMark.Length), .. CutMark] : Beginning(bytes, limit).ToArray();
    }

    private static ReadOnlySpan<byte> Beginning(byte[] bytes, int length)
    {
        length = Math.Max(0, length);
        // Bytes of the form 10xxxxxx go on with a character.
        while (length > 0 && (bytes[length] & 0b1100_0000) == 0b1000_0000)
            length--;
        return bytes.AsSpan(0, length);
    }
}
