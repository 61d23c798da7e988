using BackupSidecar.Archives;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Targets;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Drills;

/// <summary>
/// Looks at what a drill has unpacked. Every byte was compared with the manifest's digest on its way to the disk; here entries are
/// counted on the disk, and SQLite reads its databases.
/// </summary>
internal sealed class DrilledFiles(Sqlite sqlite, string folder, IReadOnlyList<DrillAssertion> assertions, TimeProvider time, ILogger log)
{
    public async Task<DrilledSource> CompareAsync(ArchivedSource source, CancellationToken cancellation)
    {
        var manifest = source.Manifest!; // The contents are those of a manifest.
        var drilled = Begin(manifest);
        if (manifest.State == SourceState.Failed)
            return drilled;
        try
        {
            var path = Path.Combine(folder, source.Entry);
            return source.Form == ArchivedForm.Tree ? await TreeAsync(path, drilled, manifest, cancellation)
                : SqliteFile.Is(path) && source.IsByContent ? await DatabaseAsync(path, drilled, source, manifest, cancellation)
                : Judge(drilled, CountComparison.Of(One("bytes", manifest.Bytes), new FoundCounts(One("bytes", SizeOf(path, manifest)))));
        }
        catch (Exception error) when (error is DatabaseException or ProcessFailedException or IOException or UnauthorizedAccessException)
        {
            return drilled with { Outcome = error is DatabaseException ? DrillOutcome.Refused : DrillOutcome.Unknown, Problem = error.Message };
        }
    }

    /// <summary>What is known of a source before it is looked at.</summary>
    public static DrilledSource Begin(ManifestSource manifest) => new()
    {
        Kind = manifest.Kind,
        Entry = manifest.Entry,
        Origin = manifest.Origin,
        Bytes = manifest.Bytes,
        Server = manifest.Server,
        Outcome = manifest.State == SourceState.Failed ? DrillOutcome.NotRestored : DrillOutcome.Restored,
        Problem = manifest.State == SourceState.Failed ? $"it is not in this backup: it failed then ({manifest.Problem ?? "no reason was noted"})" : null,
    };

    private static async Task<DrilledSource> TreeAsync(string path, DrilledSource drilled, ManifestSource manifest, CancellationToken cancellation)
    {
        // A dot for each: names may hold anything.
        await using var find = RunningProcess.Start(new Command("find", path, "-printf", "."));
        var entries = 0L;
        await ProgramStreams.PumpAsync(find.StandardOutput, (_, length) => { entries += length; return true; }, find.Kill, cancellation);
        var result = await find.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw new IOException($"what was unpacked cannot be read: {result.Ending}");
        return Judge(drilled, CountComparison.Of(One("entries", manifest.Entries), new FoundCounts(One("entries", entries))));
    }

    private static Dictionary<string, long> One(string name, long count) => new() { [name] = count };

    /// <summary>A link has no size of its own, and may lead anywhere.</summary>
    private static long SizeOf(string path, ManifestSource manifest) => new FileInfo(path) is { LinkTarget: null } file ? file.Length : manifest.Bytes;

    private async Task<DrilledSource> DatabaseAsync(
        string path, DrilledSource drilled, ArchivedSource source, ManifestSource manifest, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        await sqlite.CheckIntegrityAsync(path, cancellation);
        drilled = Judge(drilled, CountComparison.Of(manifest.Counts, new FoundCounts(await sqlite.CountAsync(path, cancellation)))) with
        {
            CountSeconds = time.GetElapsedTime(begun).TotalSeconds,
        };
        return await AssertAsync(drilled, [.. assertions.Where(each => each.Source == source)], AskAsync, time, log, cancellation);

        async Task<IReadOnlyList<string>> AskAsync(string sql, CancellationToken token)
        {
            var (result, rows) = await sqlite.QueryAsync(path, sql, token);
            return result.Succeeded
                ? [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split('|')[0])]
                : throw new DatabaseException(result.Ending);
        }
    }

    /// <summary>What was counted decides.</summary>
    public static DrilledSource Judge(DrilledSource drilled, CountComparison comparison) => drilled with
    {
        Counts = comparison.Counts,
        Remarks = [.. drilled.Remarks, .. comparison.Remarks],
        Outcome = comparison.Problem is null ? drilled.Outcome : DrillOutcome.Refused,
        Problem = comparison.Problem is null ? drilled.Problem : $"after the restore {comparison.Problem}",
    };

    /// <summary>Runs the operator's statements. One that is not true refuses the source; one that cannot be run says nothing of it.</summary>
    public static async Task<DrilledSource> AssertAsync(
        DrilledSource drilled, IReadOnlyList<DrillAssertion> assertions, Func<string, CancellationToken, Task<IReadOnlyList<string>>> ask, TimeProvider time, ILogger log,
        CancellationToken cancellation)
    {
        if (assertions.Count > 0)
            log.LogInformation("Asking {Source} what is asserted of it ({Count})", drilled.Entry, assertions.Count);
        foreach (var assertion in assertions)
        {
            try
            {
                var result = await DrillAssertions.CheckAsync(assertion, ask, time, cancellation);
                drilled = drilled with { Assertions = [.. drilled.Assertions, result] };
                if (result.Problem is not null)
                    drilled = Add(drilled, DrillOutcome.Untrue, $"{assertion.Name}: {result.Problem}");
            }
            catch (DatabaseException error)
            {
                drilled = Add(drilled with { Assertions = [.. drilled.Assertions, new CheckedAssertion(assertion.Name, error.Message)] }, DrillOutcome.Unknown, error.Message);
            }
        }
        return drilled;
    }

    /// <summary>Every problem is named; what weighs most is the outcome: that it did not come back, then that something is not true.</summary>
    private static DrilledSource Add(DrilledSource drilled, DrillOutcome outcome, string problem) => drilled with
    {
        Outcome = drilled.Outcome is DrillOutcome.Refused or DrillOutcome.Untrue ? drilled.Outcome : outcome,
        Problem = drilled.Problem is { } before ? $"{before.TrimEnd('.')}; {problem}" : problem,
    };
}
