using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace BackupSidecar.Bench;

/// <summary>Runs the benchmarks of single stages (BenchmarkDotNet, whose own arguments are taken as they stand).</summary>
internal static class MicroCommand
{
    public static int Run(IReadOnlyList<string> arguments)
    {
        // In this process: a project made for each benchmark would be built by our own strict rules.
        var config = ManualConfig.Create(DefaultConfig.Instance)
            .WithArtifactsPath(Path.Combine("artifacts", "bench", "micro"))
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly)
            .Run(arguments.Count > 0 ? [.. arguments] : ["--filter", "*"], config);
        return summaries.Any() && !summaries.Any(summary => summary.HasCriticalValidationErrors) ? 0 : 1;
    }
}
