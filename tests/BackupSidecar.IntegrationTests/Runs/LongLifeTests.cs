using System.Diagnostics;
using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Reports;
using BackupSidecar.Stores.S3;
using BackupSidecar.Tests.Runs;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Runs;

/// <summary>Runs alone: what it counts belongs to the whole process.</summary>
[CollectionDefinition(nameof(LongLifeTests), DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// Many backups in one process, a minute of the clock apart, into a folder and a real S3 server, with a service that is stopped
/// for each, retention that keeps a few, and verifications in between. Nothing that a process can collect grows.
/// </summary>
[Collection(nameof(LongLifeTests))]
public sealed class LongLifeTests(CephServer ceph)
{
    /// <summary>Runs until everything has been needed once, and how many are compared at the beginning and at the end.</summary>
    private static readonly int WarmUp = LongRun.Of(15, 100);
    private static readonly int Compared = LongRun.Of(15, 100);
    private static readonly int Runs = LongRun.Of(60, 1000);
    private static readonly long MostGrowth = LongRun.Of(48 << 20, 10 << 20);

    /// <summary>Handles and threads of pools, which follow the load of the machine. What every fourth run of the sample lost would be more.</summary>
    private const int Pools = 7;

    [Fact]
    public async Task Nothing_grows_over_many_runs()
    {
        var settings = CephServer.Settings(await ceph.HttpAsync(), await ceph.NewBucketAsync());
        await using var scene = new BackupScene(clock => new S3Store(settings, BackupScene.Name, clock, NullLogger.Instance));
        var temporary = Directory.CreateDirectory(scene["tmp"]).FullName;
        var before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", temporary);
        try
        {
            var samples = new List<Sample>();
            for (var run = 0; run < Runs; run++)
            {
                await RunAsync(scene, run);
                samples.Add(Sample.Take(temporary, scene["staging"], scene["state"], scene.Local.Folder));
            }
            var (first, last) = (Least(samples.Skip(WarmUp).Take(Compared)), Least(samples.TakeLast(Compared)));
            LongRun.Tell($"{Runs} runs; least of runs {WarmUp} to {WarmUp + Compared}: {first}; least of the last {Compared}: {last}");

            Assert.InRange(last.ResidentBytes - first.ResidentBytes, long.MinValue, MostGrowth);
            Assert.InRange(last.Handles - first.Handles, int.MinValue, Pools);
            Assert.InRange(last.Threads - first.Threads, int.MinValue, Pools);
            Assert.InRange(last.Files - first.Files, int.MinValue, 0);
            Assert.Equal(0, last.Zombies);
            Assert.Empty(Directory.GetFileSystemEntries(temporary));
            Assert.Empty(Directory.GetFileSystemEntries(scene["staging"]));
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
    }

    private static async Task RunAsync(BackupScene scene, int run)
    {
        // The slow key of a passphrase is wanted now and then only: what it takes is time.
        var archive = new ArchiveSettings { CompressionThreads = 2, SigningKey = new Secret("a signing key of this test") };
        scene.Settings = scene.Settings with
        {
            Archive = run % 10 == 0 ? archive with { EncryptionKey = new Secret("a passphrase of this test") } : archive,
            Retention = new RetentionSettings { Recent = 4, Minimum = 2 },
        };
        var report = await scene.RunAsync();
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        if (run % 5 == 0)
            Assert.Equal(RunOutcome.Succeeded, (await scene.VerifyAsync()).Outcome);
        scene.Forget();
    }

    private static Sample Least(IEnumerable<Sample> samples) => samples.Aggregate((one, other) => new Sample(
        Math.Min(one.ResidentBytes, other.ResidentBytes),
        Math.Min(one.Handles, other.Handles),
        Math.Min(one.Threads, other.Threads),
        Math.Min(one.Files, other.Files),
        Math.Min(one.Zombies, other.Zombies)));

    /// <summary>What this process holds.</summary>
    private sealed record Sample(long ResidentBytes, int Handles, int Threads, int Files, int Zombies)
    {
        public static Sample Take(params string[] folders)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            return new Sample(
                process.WorkingSet64,
                Directory.GetFileSystemEntries("/proc/self/fd").Length,
                process.Threads.Count,
                folders.Sum(folder => Directory.GetFileSystemEntries(folder).Length),
                Directory.GetDirectories("/proc").Count(IsZombieOfOurs));
        }

        private static bool IsZombieOfOurs(string process)
        {
            try
            {
                var fields = File.ReadAllText(Path.Combine(process, "stat")).Split(") ")[^1].Split(' ');
                return fields[0] == "Z" && fields[1] == $"{Environment.ProcessId}";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Not a process, or gone already.
                return false;
            }
        }
    }
}
