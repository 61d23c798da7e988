using BackupSidecar.Failpoints;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Retention;

/// <summary>What pruning did in one store. <see cref="Problems"/>: a sentence for each backup that should be gone and is not.</summary>
internal sealed record PruneResult(int Kept, int Removed, IReadOnlyList<string> Problems);

/// <summary>
/// Carries out a retention plan in one store. A manifest goes before its archive, so that nothing half removed is ever listed
/// as a backup. If the archive then stays, its manifest is put back: it is a whole backup again, and the next run removes it.
/// If even that fails, the archive lies there as incomplete and is named in the report; what no manifest owns is never removed.
/// </summary>
internal sealed class Pruner(TimeProvider time, ILogger log)
{
    /// <summary>Once a manifest is gone its archive has to follow, also when the program is told to end.</summary>
    private static readonly TimeSpan LongestPair = TimeSpan.FromMinutes(1);

    /// <param name="store">Where.</param>
    /// <param name="plan">Which ones.</param>
    /// <param name="force">A person has looked at a plan that exceeds the cap and wants it.</param>
    /// <param name="cancellation">Ends pruning between two backups.</param>
    public async Task<PruneResult> ApplyAsync(IBackupStore store, RetentionPlan plan, bool force, CancellationToken cancellation)
    {
        var problems = plan.ExceedsCap && !force ? [Refusal(store, plan)] : await RemoveAsync(store, plan.Removals, cancellation);
        foreach (var problem in problems)
            log.LogWarning("{Problem}", problem);

        var removed = plan.ExceedsCap && !force ? 0 : plan.Removals.Count() - problems.Count;
        var result = new PruneResult(plan.Decisions.Count - removed, removed, problems);
        log.LogInformation(
            "{Store} retention: kept {Kept} backups, deleted {Removed} backups", Title(store.Name), result.Kept, result.Removed);
        return result;
    }

    private async Task<List<string>> RemoveAsync(
        IBackupStore store, IEnumerable<RetentionCandidate> removals, CancellationToken cancellation)
    {
        var problems = new List<string>();
        foreach (var candidate in removals)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await TryRemoveAsync(store, candidate) is { } problem)
                problems.Add(problem);
        }

        return problems;
    }

    /// <summary>Returns what went wrong, or null.</summary>
    private async Task<string?> TryRemoveAsync(IBackupStore store, RetentionCandidate candidate)
    {
        using var limit = new CancellationTokenSource(LongestPair, time);
        byte[] manifest;
        try
        {
            manifest = await ReadAsync(store, candidate.Manifest, limit.Token);
            MayFail.At(Failpoint.PruneBeforeManifest, CancellationToken.None);
            await store.DeleteAsync(candidate.Manifest, limit.Token);
        }
        catch (Exception e) when (IsTrouble(e))
        {
            return $"Could not remove {candidate.Archive} from {store.Location}: {e.Message} The next run tries again.";
        }

        try
        {
            MayFail.At(Failpoint.PruneBeforeArchive, CancellationToken.None);
            await store.DeleteAsync(candidate.Archive, limit.Token);
            MayFail.At(Failpoint.PruneAfterArchive, CancellationToken.None);
            return null;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            return await TryUndoAsync(store, candidate, manifest, e);
        }
    }

    private async Task<string?> TryUndoAsync(IBackupStore store, RetentionCandidate candidate, byte[] manifest, Exception cause)
    {
        using var limit = new CancellationTokenSource(LongestPair, time);
        try
        {
            // The answer to a delete can get lost after the deed.
            if (await store.FindAsync(candidate.Archive, limit.Token) is null)
                return null;
            await store.PutAsync(candidate.Manifest, manifest, limit.Token);
            return $"Could not remove {candidate.Archive} from {store.Location}: {cause.Message} The next run tries again.";
        }
        catch (Exception e) when (IsTrouble(e))
        {
            return $"Could not remove {candidate.Archive} from {store.Location}: {cause.Message} "
                + $"Its manifest is gone already and could not be put back ({e.Message}), so it is listed as incomplete. "
                + "Remove it by hand.";
        }
    }

    private static async Task<byte[]> ReadAsync(IBackupStore store, string name, CancellationToken cancellation)
    {
        await using var stream = await store.OpenReadAsync(name, cancellation);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellation);
        return content.ToArray();
    }

    private static string Refusal(IBackupStore store, RetentionPlan plan) =>
        $"Retention in {store.Location} would remove {plan.Removals.Count()} backups at once, "
        + $"more than BACKUP_RETENTION_MAX_DELETIONS={plan.MaximumDeletions} allows, so it removed none. "
        + "Look at 'prune --dry-run', and if it is right, run 'prune --force'.";

    private static bool IsTrouble(Exception e) =>
        e is StoreException or IOException or UnauthorizedAccessException or OperationCanceledException;

    private static string Title(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
