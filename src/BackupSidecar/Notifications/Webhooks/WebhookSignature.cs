using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>
/// Shows a receiver that a message is from somebody who knows the shared secret. In two forms: Label Backup's, over the body alone, and
/// that of Standard Webhooks, over id, time and body, with which a message that is sent again by somebody else can be told.
/// </summary>
internal static class WebhookSignature
{
    public const string IdHeader = "Webhook-Id";

    private const string BodyHeader = "X-LabelBackup-Signature-SHA256";
    private const string TimeHeader = "Webhook-Timestamp";
    private const string StandardHeader = "Webhook-Signature";

    /// <summary>How secrets of Standard Webhooks begin; the rest is the key in Base64.</summary>
    private const string StandardPrefix = "whsec_";

    /// <summary>The headers that sign a message.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Headers(Secret secret, string id, DateTimeOffset now, byte[] body) =>
    [
        new(BodyHeader, OfBody(secret, body)),
        new(TimeHeader, Seconds(now)),
        new(StandardHeader, Standard(secret, id, now, body)),
    ];

    /// <summary>HMAC-SHA256 of the body, with the text of the secret as the key, in lower-case hexadecimal digits.</summary>
    public static string OfBody(Secret secret, byte[] body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal()), body));

    /// <summary>HMAC-SHA256 of <c>id.timestamp.body</c>, in Base64 behind the number of this scheme.</summary>
    public static string Standard(Secret secret, string id, DateTimeOffset now, byte[] body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{Seconds(now)}."), .. body];
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(StandardKey(secret.Reveal()), signed))}";
    }

    private static byte[] StandardKey(string secret)
    {
        if (!secret.StartsWith(StandardPrefix, StringComparison.Ordinal))
            return Encoding.UTF8.GetBytes(secret);
        var text = secret[StandardPrefix.Length..];
        var key = new byte[text.Length];
        return Convert.TryFromBase64String(text, key, out var length) ? key[..length] : Encoding.UTF8.GetBytes(secret);
    }

    private static string Seconds(DateTimeOffset now) => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
