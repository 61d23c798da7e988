using System.Globalization;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>
/// A test that draws by chance: a sample of it runs in ./test.sh, and all of it with BACKUP_TEST_LONG=1. BACKUP_TEST_SEED repeats
/// what a seed did.
/// </summary>
internal sealed class LongTest
{
    public LongTest(int sample, int whole)
    {
        Times = IsWhole ? whole : sample;
        Seed = int.TryParse(Environment.GetEnvironmentVariable("BACKUP_TEST_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed
            : IsWhole ? (int)(DateTimeOffset.UtcNow.ToUnixTimeSeconds() % 1_000_000)
            : 20261121;
        Random = new Random(Seed);
    }

    public static bool IsWhole => Environment.GetEnvironmentVariable("BACKUP_TEST_LONG") == "1";

    public int Times { get; }

    public int Seed { get; }

    public Random Random { get; }

    /// <summary>Says what was done; shown with <c>-showLiveOutput</c>, and with a failure.</summary>
    public void Tell(string what) => TestContext.Current.TestOutputHelper?.WriteLine($"{what} (BACKUP_TEST_SEED={Seed})");
}
