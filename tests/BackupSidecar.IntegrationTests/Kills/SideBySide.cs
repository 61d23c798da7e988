using System.Diagnostics;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>The lanes of a long test, each with a stack of its own, and what they found.</summary>
internal static class SideBySide
{
    /// <summary>Runs so many at a time as there are cores.</summary>
    public static async Task<IReadOnlyList<BreakableStack>> RunAsync<T>(IEnumerable<T> lanes, Func<T, Task<BreakableStack>> run)
    {
        using var places = new SemaphoreSlim(Math.Max(2, Environment.ProcessorCount));
        return await Task.WhenAll(lanes.Select(async lane =>
        {
            await places.WaitAsync(TestContext.Current.CancellationToken);
            try
            {
                return await run(lane);
            }
            finally
            {
                places.Release();
            }
        }));
    }

    /// <summary>Tells what was done, and fails where a promise was broken.</summary>
    public static void Tell(string what, int count, IReadOnlyList<BreakableStack> stacks, Stopwatch watch)
    {
        var violations = stacks.SelectMany(stack => stack.Violations).ToList();
        var text = $"{what}: {count}, seed {LongRun.Seed}, {stacks.Sum(stack => stack.Runs)} starts of the program, {violations.Count} violations, {watch.Elapsed.TotalSeconds:0} s";
        LongRun.Tell(text);
        Assert.True(violations.Count == 0, $"{text}\n{string.Join('\n', violations)}");
    }
}
