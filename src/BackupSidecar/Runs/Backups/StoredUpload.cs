using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// The way of one archive into one store, beside that of its neighbours: it follows the spool while it grows, is compared with it
/// when its own copy is whole, and is committed by the manifest. A failure ends this way only, and becomes a sentence.
/// </summary>
internal sealed class StoredUpload
{
    private static readonly TimeSpan CommitGrace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestTakeBack = TimeSpan.FromSeconds(5);

    private readonly ArchiveName _name;
    private readonly VerifyAfter _verifyAfter;
    private readonly ILogger _log;

    private StoredUpload(
        IBackupStore store, ArchiveName name, Spool spool, Task<byte[]> manifest, VerifyAfter verifyAfter, ILogger log, CancellationToken cancellation)
    {
        Store = store;
        _name = name;
        _verifyAfter = verifyAfter;
        _log = log;
        Ended = Task.Run(() => StoreAsync(spool, manifest, cancellation), CancellationToken.None);
    }

    public IBackupStore Store { get; }

    /// <summary>Why it failed, or null so far.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether it failed because there is no room.</summary>
    public bool IsFull { get; private set; }

    /// <summary>How the copy was compared with the spool, and what there is to say of that; null so far.</summary>
    public CheckedUpload? Checked { get; private set; }

    /// <summary>Whether the archive and its manifest are stored here: whether it is a backup.</summary>
    public bool IsCommitted { get; private set; }

    /// <param name="store">Where to.</param>
    /// <param name="name">The archive's name, free in that store.</param>
    /// <param name="spool">The archive while it is made.</param>
    /// <param name="manifest">Completes with the manifest's bytes once the spool is sealed.</param>
    /// <param name="verifyAfter">How closely the copy is compared with the spool before it counts.</param>
    /// <param name="log">Told of the end, good or bad.</param>
    /// <param name="cancellation">Ends the upload; nothing stays behind.</param>
    public static StoredUpload Begin(
        IBackupStore store, ArchiveName name, Spool spool, Task<byte[]> manifest, VerifyAfter verifyAfter, ILogger log, CancellationToken cancellation) =>
        new(store, name, spool, manifest, verifyAfter, log, cancellation);

    /// <summary>Completes with the end. Fails only if the upload was cancelled, or its spool failed.</summary>
    public Task Ended { get; }

    public StoreReport ToReport() => new(Store.Name, Store.Location, Problem ?? (IsCommitted ? null : "The upload did not come to its end."))
    {
        Checked = IsCommitted ? Checked?.Check : null,
    };

    private async Task StoreAsync(Spool spool, Task<byte[]> manifest, CancellationToken cancellation)
    {
        // Who finds the manifest's name taken shares it with another run: the archive may then be that of the other one.
        var isArchiveThere = false;
        var isNameShared = false;
        var attempt = "store the archive";
        try
        {
            await Store.UploadAsync(_name.FileName, spool, cancellation);
            isArchiveThere = true;
            attempt = $"give {_name.FileName} back as it was sent";
            Checked = await CheckAsync(spool, cancellation);
            attempt = "write the manifest";
            await CommitAsync(await manifest, cancellation);
            IsCommitted = true;
            Tell(Checked);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && !spool.Sealed.IsFaulted)
        {
            // Of whatever type: a store that fails, even by a fault of ours, costs nobody the copy in the other one.
            isNameShared = failure is StoreNameTakenException;
            if (Checked is { } found && !isNameShared && await IsCommittedAfterAllAsync(manifest))
            {
                IsCommitted = true;
                _log.LogWarning("The {Store} store said that it failed to {Attempt} ({Reason}), but has it: the backup counts.", Store.Name, attempt, failure.Message);
                Tell(found);
                return;
            }
            IsFull = PosixErrors.IsOutOfSpace(failure);
            var consequence = isArchiveThere ? ". It is no backup there." : "";
            Problem = $"The {Store.Name} store ({Store.Location}) failed to {attempt}: {(isArchiveThere ? failure.Message.TrimEnd('.') : failure.Message)}{consequence}";
            _log.LogError("{Problem}", Problem);
        }
        finally
        {
            if (isArchiveThere && !IsCommitted && !isNameShared)
                await TakeBackAsync();
        }
    }

    /// <summary>Whether our manifest is there although its writing failed: the answer may have been lost after the deed.</summary>
    private async Task<bool> IsCommittedAfterAllAsync(Task<byte[]> manifest)
    {
        using var limit = new CancellationTokenSource(LongestTakeBack);
        try
        {
            return manifest.IsCompletedSuccessfully
                && await Store.FindAsync(_name.ManifestFileName, limit.Token) is { } found && found.Bytes == (await manifest).Length;
        }
        catch (Exception failure) when (failure is StoreException or OperationCanceledException)
        {
            _log.LogDebug("Whether {Location}/{Manifest} is there cannot be told: {Reason}", Store.Location, _name.ManifestFileName, failure.Message);
            return false;
        }
    }

    private void Tell(CheckedUpload checkedUpload)
    {
        if (checkedUpload.Warning is { } warning)
            _log.LogWarning("{Warning}", warning);
        if (checkedUpload.Problem is { } problem)
            _log.LogError("{Problem}", problem);
        _log.LogInformation(
            "Stored in {Store}: {Location}/{Archive} ({Check})", Store.Name, Store.Location, _name.FileName, ReportText.Word(checkedUpload.Check));
    }

    /// <summary>Without a manifest the archive would never count, never be removed, and might be what fills the disk.</summary>
    private async Task TakeBackAsync()
    {
        using var limit = new CancellationTokenSource(LongestTakeBack);
        try
        {
            // The answer may have been lost after the deed; then it is a backup, and stays one.
            if (await Store.FindAsync(_name.ManifestFileName, limit.Token) is null)
                await Store.DeleteAsync(_name.FileName, limit.Token);
        }
        catch (Exception failure) when (failure is StoreException or OperationCanceledException)
        {
            _log.LogWarning(
                "{Location}/{Archive} has no manifest and could not be removed; it is listed as incomplete. Remove it by hand. {Reason}",
                Store.Location, _name.FileName, failure.Message);
        }
    }

    private async Task<CheckedUpload> CheckAsync(Spool spool, CancellationToken cancellation)
    {
        MayFail.At(Failpoint.BeforeUploadCheck, cancellation);
        var found = await new UploadedCopy(Store, _name, spool, _log).CheckAsync(_verifyAfter, cancellation);
        MayFail.At(Failpoint.AfterUploadCheck, cancellation);
        return found;
    }

    /// <summary>The archive is whole here: once asked to end, what makes it a backup still gets a moment.</summary>
    private async Task CommitAsync(byte[] manifest, CancellationToken cancellation)
    {
        using var grace = new Grace(CommitGrace, cancellation);
        MayFail.At(Failpoint.BeforeManifest, grace.Token);
        await Store.PutAsync(_name.ManifestFileName, manifest, grace.Token);
        MayFail.At(Failpoint.AfterManifest, grace.Token);
    }
}
