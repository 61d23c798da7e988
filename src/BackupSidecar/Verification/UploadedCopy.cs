using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Verification;

/// <summary>How a copy was compared with what was sent. If that is less than was wanted, one of the sentences says why.</summary>
internal sealed record CheckedUpload(UploadCheck Check)
{
    /// <summary>For what will be the same tomorrow.</summary>
    public string? Warning { get; init; }

    /// <summary>For what somebody should look at.</summary>
    public string? Problem { get; init; }
}

/// <summary>
/// An archive in one store, uploaded and not a backup yet: compared with the spool that it was sent from. What we told the store
/// is no evidence; what it computed itself is, and best are the bytes that it gives back.
/// </summary>
internal sealed class UploadedCopy(IBackupStore store, ArchiveName name, Spool spool, ILogger log)
{
    private const int SampleBytes = 1 << 20;

    /// <summary>Besides the first and the last one.</summary>
    private const int Samples = 32;

    /// <summary>The largest archive that is read back whole where nobody asked for that.</summary>
    public long ReadBackLimit { get; init; } = 1L << 30;

    /// <param name="how">How closely. With <see cref="VerifyAfter.Auto"/> a store that gives nothing back does not fail the copy: its size is known.</param>
    /// <param name="cancellation">Ends the check; what can be said without it is then said.</param>
    /// <exception cref="BackupRefusedException">The store holds other bytes.</exception>
    /// <exception cref="StoreException">All must be read back, and cannot be.</exception>
    public async Task<CheckedUpload> CheckAsync(VerifyAfter how, CancellationToken cancellation)
    {
        // Every upload compares the size. The local copy was sent nowhere: it is the file that was hashed while it was written.
        if (how == VerifyAfter.None || (how == VerifyAfter.Auto && store.Name == StoreName.Local))
            return new CheckedUpload(UploadCheck.Size);
        if (how == VerifyAfter.Stored)
            return await ReadBackAsync(cancellation);
        try
        {
            return await CompareAsync(cancellation);
        }
        catch (StoreException refusal) when (refusal.IsDenied)
        {
            return new CheckedUpload(UploadCheck.Size)
            {
                Warning = $"{Unread}: {refusal.Message} If that is as it should be, set BACKUP_VERIFY_AFTER=none.",
            };
        }
        catch (Exception failure) when (failure is StoreException or IOException)
        {
            // The second kind is the spool's: a disk of ours that cannot be read is no fault of the copy either.
            return new CheckedUpload(UploadCheck.Size) { Problem = $"{Unread}: {failure.Message} {Advice}" };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return new CheckedUpload(UploadCheck.Size) { Problem = $"{Unread}: the run had to end. {Advice}" };
        }
    }

    private string Unread => $"{name.FileName} in the {store.Name} store ({store.Location}) has the right size, but was not read back";

    private string Advice => $"It counts as a backup; whether it is whole is told by: verify {name.ShortName} --level stored --from {store.Name}";

    private async Task<CheckedUpload> CompareAsync(CancellationToken cancellation)
    {
        var (bytes, _) = await spool.Sealed;
        var checksum = await store.ChecksumAsync(name.FileName, cancellation);
        if (checksum is not null && (await SpoolChecksum.ComputeAsync(spool, checksum.Kind, cancellation)).AsSpan().SequenceEqual(checksum.Value))
            return new CheckedUpload(UploadCheck.Checksum);
        // A checksum alone condemns nothing: the bytes have the last word.
        return bytes <= ReadBackLimit || checksum is { IsCertain: true }
            ? await ReadBackAsync(cancellation)
            : await CompareSamplesAsync(bytes, cancellation);
    }

    private async Task<CheckedUpload> ReadBackAsync(CancellationToken cancellation)
    {
        var (bytes, sha256) = await spool.Sealed;
        log.LogInformation("Reading {Archive} back from {Store} ({Size})", name.FileName, store.Name, ReportText.Size(bytes));
        if (store.Name == StoreName.Local)
            spool.LeaveMemory();
        return await TwiceAsync(UploadCheck.ReadBack, async () =>
        {
            await using var stored = await store.OpenReadAsync(name.FileName, cancellation);
            await StoredBytes.CheckAsync(stored, bytes, sha256, Stream.Null, cancellation);
        });
    }

    private async Task<CheckedUpload> CompareSamplesAsync(long bytes, CancellationToken cancellation)
    {
        log.LogInformation("Reading samples of {Archive} back from {Store}", name.FileName, store.Name);
        var sent = new byte[Math.Min(SampleBytes, bytes)];
        var stored = new byte[sent.Length];
        var found = new CheckedUpload(UploadCheck.Samples);
        foreach (var offset in Offsets(bytes - sent.Length))
        {
            await using (var part = spool.OpenRead(offset, sent.Length))
                part.ReadExactly(sent);
            var sample = await TwiceAsync(UploadCheck.Samples, async () =>
            {
                await store.ReadAsync(name.FileName, offset, stored, cancellation);
                if (!stored.AsSpan().SequenceEqual(sent))
                    throw new BackupRefusedException($"of its {bytes} bytes, the {sent.Length} from {offset} on are not those that were written "
                        + $"(SHA-256 {Digest(stored)}; expected {Digest(sent)})");
            });
            found = found.Warning is null ? sample : found;
        }
        return found;
    }

    /// <summary>
    /// What differs is read once more: a byte may have changed on its way back, which is no fault of the copy. If it is right then, that is
    /// told all the same.
    /// </summary>
    private async Task<CheckedUpload> TwiceAsync(UploadCheck check, Func<Task> read)
    {
        try
        {
            await read();
            return new CheckedUpload(check);
        }
        catch (BackupRefusedException difference)
        {
            log.LogWarning("{Archive} came back from {Store} as something else, and is read once more: {Difference}", name.FileName, store.Name, difference.Message);
            await read();
            return new CheckedUpload(check)
            {
                Warning = $"{name.FileName} came back from the {store.Name} store ({store.Location}) wrong at first, and right when it was read once more. "
                    + "Something on the way, or in the store, changes bytes: look for it.",
            };
        }
    }

    /// <summary>The first and the last place, and a random one in each of equal stretches between them.</summary>
    private static IEnumerable<long> Offsets(long last)
    {
        yield return 0;
        for (var stretch = 0L; stretch < Samples; stretch++)
            yield return (last / Samples * stretch) + Random.Shared.NextInt64((last / Samples) + 1);
        yield return last;
    }

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
