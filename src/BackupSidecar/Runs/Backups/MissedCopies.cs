using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// Gives stores that work again what they missed while they failed, from the other store: the newest first, one after the other, as long
/// as there is time before the next run. The run's own backup is stored by then and services have long been running; what cannot be made
/// up for is a warning, and the next run tries again.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="localFolder">Where the local store keeps its objects; null where there is none.</param>
/// <param name="retention">Knows what backups are like, and what a store would keep.</param>
/// <param name="history">Knows what was missed.</param>
/// <param name="nextRun">When the first run after an instant is due; null where none is scheduled.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Told what is copied.</param>
internal sealed class MissedCopies(
    Settings settings, string? localFolder, RetentionRun retention, History history, Func<DateTimeOffset, DateTimeOffset?> nextRun, TimeProvider time, ILogger log)
{
    /// <summary>Kept for the end of the run: the next one must find its lock free.</summary>
    private static readonly TimeSpan EndOfRun = TimeSpan.FromMinutes(1);

    /// <summary>Timers go no further than 49 days.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly MarkFile _marks = new(settings.Paths.State);

    /// <param name="record">Told what was made up for, and what not.</param>
    /// <param name="working">The stores that took the run's own backup.</param>
    /// <param name="cancellation">Ends it at once. The backup of the run is good all the same.</param>
    public async Task MakeUpAsync(RunRecord record, IReadOnlyList<IBackupStore> working, CancellationToken cancellation)
    {
        using var untilNext = new CancellationTokenSource(TimeLeft(), time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, untilNext.Token);
        try
        {
            var missed = MissedCopy.Of(history.ReadNewestFirst(), settings.Name).Where(copy => working.Any(store => store.Name == copy.Store)).ToHashSet();
            if (working.Count < 2 || missed.Count == 0)
                return;
            var catalog = await new CatalogReader(working, retention.Form).ReadAsync(limit.Token);
            if (!catalog.IsWhole)
                throw new StoreException(string.Join(' ', catalog.Problems));
            foreach (var store in working)
                await MakeUpAsync(record, working, store, catalog, [.. missed.Where(copy => copy.Store == store.Name).Select(copy => copy.Archive)], limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            var reason = cancellation.IsCancellationRequested ? "the run had to end" : "the next run is due";
            record.AddWarning($"Not all that stores had missed is made up for yet: {reason}. The next run goes on.");
        }
        catch (Exception failure) when (IsOfTheWorld(failure))
        {
            record.AddWarning($"What stores had missed is not made up for: {failure.Message.TrimEnd('.')}. The next run tries again.");
        }
    }

    private async Task MakeUpAsync(
        RunRecord record, IReadOnlyList<IBackupStore> working, IBackupStore store, Catalog catalog, HashSet<string> missed, CancellationToken cancellation)
    {
        // Such a copy has come since: its answer was lost, or the run that made up for it was killed before it could tell.
        foreach (var entry in retention.Owned(catalog, store.Name).Where(entry => missed.Contains(entry.Name.FileName)))
            record.AddMadeUp(new MadeUpCopy(entry.Name.FileName, store.Name));

        var wanted = retention.Wanted(store, catalog, Missing(working, store, catalog, missed));
        if (wanted.Count > 0)
            log.LogInformation("Making up for {Count} backups that the {Store} store missed", wanted.Count, store.Name);
        foreach (var (index, entry) in wanted.Index())
        {
            var from = working.First(other => other.Name == entry.Copies[0].Store);
            if (await TryCopyAsync(record, entry, from, store, cancellation) is not { } problem)
                continue;
            var others = wanted.Count - index - 1;
            record.AddWarning($"{entry.Name.FileName}{(others > 0 ? $" and {others} older backups are" : " is")} still missing in the {store.Name} store: {problem.TrimEnd('.')}. The next run tries again.");
            return;
        }
    }

    /// <summary>Returns why a store fails, so that nothing more need be tried with it, or null.</summary>
    private async Task<string?> TryCopyAsync(RunRecord record, CatalogEntry entry, IBackupStore from, IBackupStore to, CancellationToken cancellation)
    {
        var transfer = new CopyTransfer(settings, localFolder, new CopyReader(settings.Paths.Staging, [from], log), log);
        try
        {
            var found = await transfer.CopyAsync(entry.Name, entry.Copies[0], from, to, cancellation);
            MayFail.At(Failpoint.MissedCopyStored, cancellation);
            foreach (var doubt in new[] { found.Warning, found.Problem }.OfType<string>())
                record.AddLoggedWarning(doubt);
            record.AddMadeUp(new MadeUpCopy(entry.Name.FileName, to.Name) { From = from.Name, Checked = found.Check });
            return null;
        }
        catch (BackupRefusedException refusal)
        {
            Refuse(record, entry.Name.FileName, from, refusal.Message);
            return null;
        }
        catch (StoreNameTakenException taken)
        {
            record.AddWarning($"{entry.Name.FileName} is still missing in the {to.Name} store: {taken.Message}");
            return null;
        }
        catch (Exception failure) when (IsOfTheWorld(failure))
        {
            return failure.Message;
        }
    }

    /// <summary>The newest first, each with the copy that it can be had from: one that is vouched for, and that nothing is held against.</summary>
    private List<CatalogEntry> Missing(IReadOnlyList<IBackupStore> working, IBackupStore store, Catalog catalog, HashSet<string> missed)
    {
        var marks = _marks.Read();
        var there = catalog.Entries.Concat(catalog.Lost).Where(entry => entry.Copies.Any(copy => copy.Store == store.Name && !IsUncommitted(copy)))
            .Select(entry => entry.Name).ToHashSet();
        return
        [
            .. working.Where(other => other != store).SelectMany(other => retention.Owned(catalog, other.Name))
                .Where(entry => missed.Contains(entry.Name.FileName) && !there.Contains(entry.Name) && marks.OfCopy(entry.Name.FileName, entry.Copies[0].Store) is null)
                .DistinctBy(entry => entry.Name)
                .OrderByDescending(entry => entry.Name.LocalTime),
        ];
    }

    private static bool IsUncommitted(StoredCopy copy) => copy.State is CatalogState.Incomplete or CatalogState.Legacy;

    /// <summary>What is bad is never spread: it is marked, as a verification marks it, and somebody has to look.</summary>
    private void Refuse(RunRecord record, string archive, IBackupStore store, string problem)
    {
        var refused = new VerifiedCopy(archive, store.Name, VerificationLevel.Stored, VerificationResult.Refused, problem);
        record.AddRefused(refused);
        record.AddProblem($"{problem} It was not copied, and nothing is pruned in the store '{store.Name}' until somebody has looked. "
            + $"If you know: backup-sidecar accept {archive}");
        _marks.Update(marks => marks.After(refused, time.GetUtcNow()));
    }

    /// <summary>Almost until the next run is due; a schedule of minutes leaves half of the time.</summary>
    private TimeSpan TimeLeft()
    {
        var now = time.GetUtcNow();
        return nextRun(now) - now is { } left && left < LongestTimer
            ? (left > 2 * EndOfRun ? left - EndOfRun : left / 2)
            : Timeout.InfiniteTimeSpan;
    }

    private static bool IsOfTheWorld(Exception failure) => failure is StoreException or IOException or UnauthorizedAccessException;
}
