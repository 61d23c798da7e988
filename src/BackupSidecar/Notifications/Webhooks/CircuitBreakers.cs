using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Processes;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>What is known of one address that does not answer.</summary>
/// <param name="Key">A digest of the address, which is a secret itself.</param>
/// <param name="Target">The setting and the host, for people.</param>
/// <param name="Failures">Deliveries that failed since the last good one.</param>
/// <param name="OpenUntil">Nothing is sent before; then one message is, to see.</param>
internal sealed record CircuitBreaker(string Key, string Target, int Failures, DateTimeOffset? OpenUntil);

/// <summary>
/// Spares an address that has failed five times in a row: for half a minute nothing is sent there, then one message, to see whether it
/// is back. Each address has its own. They lie in the state directory, because runs are processes of their own and end.
/// </summary>
internal sealed class CircuitBreakers(string stateDirectory, TimeProvider time)
{
    public const int Failures = 5;
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly string _path = Path.Combine(stateDirectory, "webhook-breakers.json");

    /// <summary>Those of all addresses that have failed of late.</summary>
    public IReadOnlyList<CircuitBreaker> All()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize(File.ReadAllBytes(_path), BreakersJson.Default.IReadOnlyListCircuitBreaker) ?? [] : [];
        }
        catch (JsonException)
        {
            // Nothing depends on it but how often an address is tried.
            return [];
        }
    }

    /// <summary>Whether nothing may be sent there now. A clock that was set back keeps nobody waiting longer than the pause.</summary>
    public bool IsOpen(CircuitBreaker breaker) => breaker.OpenUntil is { } until && time.GetUtcNow() is var now && now < until && until - now <= Pause;

    /// <summary>Whether a message may be sent there. Where that is to be seen first, only one caller gets to try.</summary>
    public bool MayTry(PingUrl url) => Change(url, known =>
        known is null || known.Failures < Failures ? (known, true)
        : IsOpen(known) ? (known, false)
        : (known with { OpenUntil = time.GetUtcNow() + Pause }, true));

    public void Succeeded(PingUrl url) => Change(url, _ => (null, true));

    public void Failed(PingUrl url) => Change(url, known =>
    {
        var failures = (known?.Failures ?? 0) + 1;
        return (new CircuitBreaker(KeyOf(url), url.ToString(), failures, failures >= Failures ? time.GetUtcNow() + Pause : null), true);
    });

    private bool Change(PingUrl url, Func<CircuitBreaker?, (CircuitBreaker? Now, bool Answer)> change)
    {
        try
        {
            return ChangeAlone(url, change);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk, perhaps. Telling somebody of it is worth more than sparing a receiver.
            return true;
        }
    }

    private bool ChangeAlone(PingUrl url, Func<CircuitBreaker?, (CircuitBreaker? Now, bool Answer)> change)
    {
        Directory.CreateDirectory(stateDirectory);
        using var alone = PosixFiles.OpenShared(_path + ".lock", mayCreate: true);
        PosixFiles.Lock(alone);
        var all = All();
        var known = all.FirstOrDefault(breaker => breaker.Key == KeyOf(url));
        var (now, answer) = change(known);
        if (now != known)
        {
            CircuitBreaker[] changed = [.. all.Where(breaker => breaker != known), .. new[] { now }.OfType<CircuitBreaker>()];
            DurableFile.WriteAtomically(_path, JsonSerializer.SerializeToUtf8Bytes(changed, BreakersJson.Default.IReadOnlyListCircuitBreaker));
        }
        return answer;
    }

    private static string KeyOf(PingUrl url) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url.Value.Reveal())).AsSpan(0, 8));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IReadOnlyList<CircuitBreaker>))]
internal sealed partial class BreakersJson : JsonSerializerContext;
