using System.Globalization;
using System.Security.Cryptography;

namespace BackupSidecar.Tests.Support;

/// <summary>
/// How much of a long test runs: a sample that is the same each time, or with BACKUP_TEST_LONG=1 all of it from a seed of its
/// own. The seed is in the test's output, and BACKUP_TEST_SEED gives it again.
/// </summary>
internal static class LongRun
{
    private const int SampleSeed = 20261121;

    public static bool IsWanted => Environment.GetEnvironmentVariable("BACKUP_TEST_LONG") == "1";

    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("BACKUP_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given
        : IsWanted ? RandomNumberGenerator.GetInt32(int.MaxValue)
        : SampleSeed;

    public static int Of(int sample, int whole) => IsWanted ? whole : sample;

    /// <summary>Random numbers for one test, from the seed.</summary>
    public static Random Random(int salt = 0)
    {
        Tell($"BACKUP_TEST_SEED={Seed}");
        return new Random(unchecked(Seed + (salt * 7919)));
    }

    /// <summary>Into the test's output, and for long runs to the terminal, where the figures are read.</summary>
    public static void Tell(string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        if (IsWanted)
            Console.WriteLine($"{TestContext.Current.TestMethod?.MethodName}: {text}");
    }
}
