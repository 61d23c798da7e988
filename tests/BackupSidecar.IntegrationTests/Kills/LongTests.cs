using System.Diagnostics;
using System.Globalization;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>How long the long tests are, what they begin with, and how they tell what they did.</summary>
internal static class LongTests
{
    public static bool AreOn { get; } = Environment.GetEnvironmentVariable("BACKUP_TEST_LONG") == "1";

    /// <summary>Printed with the result; the same number makes the same choices.</summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("BACKUP_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next(1, 1_000_000);

    /// <summary>Runs so many at a time as there are cores.</summary>
    public static async Task<IReadOnlyList<T>> SideBySideAsync<T>(IEnumerable<Func<Task<T>>> works)
    {
        using var places = new SemaphoreSlim(Math.Max(2, Environment.ProcessorCount));
        return await Task.WhenAll(works.Select(async work =>
        {
            await places.WaitAsync(TestContext.Current.CancellationToken);
            try
            {
                return await work();
            }
            finally
            {
                places.Release();
            }
        }));
    }

    public static void Tell(string what, int count, int runs, IReadOnlyList<string> violations, Stopwatch watch)
    {
        var text = $"{what}: {count}, seed {Seed}, {runs} starts of the program, {violations.Count} violations, {watch.Elapsed.TotalSeconds:0} s";
        Console.Error.WriteLine(text);
        Assert.True(violations.Count == 0, $"{text}\n{string.Join('\n', violations)}");
    }
}
