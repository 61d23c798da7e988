using System.Security.Cryptography;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;
using BackupSidecar.Verification;

namespace BackupSidecar.Tests.Runs;

/// <summary>What becomes of a copy whose upload succeeded, in a store that gives something else back, or nothing.</summary>
public sealed class UploadCheckTests : IDisposable
{
    private const int Size = 3 << 20;

    private static readonly ArchiveName Name = new("app", new DateTime(2026, 11, 20, 3, 0, 0), ".tar.gz");

    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLog _log = new();
    private readonly Spool _spool;
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(Size);
    private readonly FaultyStore _store;
    private int _reads;

    public UploadCheckTests()
    {
        _spool = new Spool(_folder.Make("staging"), PartialFile.NameFor(Name.FileName), fallbackDirectory: null);
        _spool.Writer.Write(_content);
        _spool.Seal();
        _store = new FaultyStore(new LocalStore(_folder["far"], Name.BackupName, TimeProvider.System)) { BeforeRead = _ => _reads++ };
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Stored => Path.Combine(_store.Location, Name.FileName);

    public void Dispose()
    {
        _store.Dispose();
        _spool.Dispose();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_that_comes_back_as_it_was_sent_is_a_backup()
    {
        await AssertIsBackupAsync(VerifyAfter.Auto, UploadCheck.ReadBack);

        Assert.Equal(1, _reads);
        Assert.Contains(_log.Lines, line => line.EndsWith("(read back)", StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [InlineData((int)VerifyAfter.Auto)]
    [InlineData((int)VerifyAfter.Stored)]
    public async Task A_copy_that_is_not_what_was_sent_never_becomes_a_backup_and_does_not_stay(int how)
    {
        _store.AfterUpload = _ => Flip();
        var expected = Convert.ToHexStringLower(SHA256.HashData(_content));
        var found = (byte[])[.. _content];
        found[Size / 2] ^= 1;

        var upload = await UploadAsync((VerifyAfter)how);

        Assert.False(upload.IsCommitted);
        Assert.Empty(Directory.GetFileSystemEntries(_store.Location));
        string[] words = [Name.FileName, _store.Location, expected, Convert.ToHexStringLower(SHA256.HashData(found)), "no backup there"];
        Assert.All(words, word => Assert.Contains(word, upload.ToReport().Problem, StringComparison.Ordinal));
        Assert.Equal(2, _reads);
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_wants_no_check_gets_none()
    {
        await AssertIsBackupAsync(VerifyAfter.None, UploadCheck.Size);

        Assert.Equal(0, _reads);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_byte_that_was_wrong_only_on_the_way_back_is_told_and_costs_no_backup()
    {
        _store.BeforeRead = _ => { if (_reads++ < 2) Flip(); };

        var upload = await AssertIsBackupAsync(VerifyAfter.Auto, UploadCheck.ReadBack);

        Assert.Contains("wrong at first", upload.Checked!.Warning, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_may_not_be_read_has_a_backup_of_the_right_size_and_a_warning()
    {
        _store.BeforeRead = _ => throw new StoreException("the right s3:GetObject is missing.") { IsDenied = true };

        var upload = await AssertIsBackupAsync(VerifyAfter.Auto, UploadCheck.Size);

        Assert.Null(upload.Checked!.Problem);
        Assert.Contains("s3:GetObject", upload.Checked.Warning, StringComparison.Ordinal);
        Assert.Contains("BACKUP_VERIFY_AFTER=none", upload.Checked.Warning, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_cannot_be_read_has_a_backup_of_the_right_size_and_a_problem()
    {
        _store.BeforeRead = _ => throw new StoreException("the server is busy.", isTransient: true);

        var upload = await AssertIsBackupAsync(VerifyAfter.Auto, UploadCheck.Size);

        Assert.Contains("the server is busy. It counts as a backup", upload.Checked!.Problem, StringComparison.Ordinal);
        Assert.Contains("verify 2026-11-20-030000 --level stored --from s3", upload.Checked.Problem, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_wants_all_read_back_has_no_backup_that_could_not_be(bool isDenied)
    {
        _store.BeforeRead = _ => throw new StoreException("no.") { IsDenied = isDenied };

        var upload = await UploadAsync(VerifyAfter.Stored);

        Assert.False(upload.IsCommitted);
        Assert.Empty(Directory.GetFileSystemEntries(_store.Location));
    }

    [Theory(Timeout = 60_000)]
    [InlineData((int)VerifyAfter.Auto, true)]
    [InlineData((int)VerifyAfter.Stored, false)]
    public async Task A_run_that_ends_during_the_check_keeps_a_whole_upload_unless_all_has_to_be_read(int how, bool isKept)
    {
        using var ending = new CancellationTokenSource();
        _store.BeforeRead = _ =>
        {
            ending.Cancel();
            ending.Token.ThrowIfCancellationRequested();
        };

        var upload = Begin((VerifyAfter)how, ending.Token);
        await upload.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        Assert.Equal(isKept, upload.IsCommitted);
        Assert.Equal(isKept ? 2 : 0, Directory.GetFileSystemEntries(_store.Location).Length);
    }

    [Theory(Timeout = 60_000)]
    [InlineData((int)ChecksumKind.Md5)]
    [InlineData((int)ChecksumKind.Crc64Nvme)]
    public async Task A_checksum_of_the_store_saves_the_reading_if_it_fits_and_nothing_if_not(int kind)
    {
        _store.Checksum = new StoreChecksum((ChecksumKind)kind, await SpoolChecksum.ComputeAsync(_spool, (ChecksumKind)kind, Cancellation));
        await AssertIsBackupAsync(VerifyAfter.Auto, UploadCheck.Checksum);
        Assert.Equal(0, _reads);

        Directory.Delete(_store.Location, recursive: true);
        _store.Checksum.Value[0] ^= 1;
        await AssertIsBackupAsync(VerifyAfter.Auto, UploadCheck.ReadBack);
        Assert.Equal(1, _reads);
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_a_large_archive_samples_are_read_back()
    {
        await _store.UploadAsync(Name.FileName, _spool, Cancellation);

        Assert.Equal(new CheckedUpload(UploadCheck.Samples), await LargeCopy().CheckAsync(VerifyAfter.Auto, Cancellation));

        Assert.Equal(34, _reads);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(0)]
    [InlineData(Size - 1)]
    public async Task A_sample_that_differs_refuses_the_copy(int place)
    {
        _store.AfterUpload = _ => Flip(place);
        await _store.UploadAsync(Name.FileName, _spool, Cancellation);

        var refusal = await Assert.ThrowsAsync<BackupSidecar.Archives.BackupRefusedException>(() => LargeCopy().CheckAsync(VerifyAfter.Auto, Cancellation));

        Assert.Contains("are not those that were written", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Only ETags may be something else than they look like: another value of a checksum is looked into, however large the archive is.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData((int)ChecksumKind.Md5, (int)UploadCheck.Samples)]
    [InlineData((int)ChecksumKind.Crc32C, (int)UploadCheck.ReadBack)]
    public async Task A_checksum_of_a_large_archive_that_does_not_fit_is_looked_into(int kind, int expected)
    {
        _store.Checksum = new StoreChecksum((ChecksumKind)kind, new byte[16]);
        await _store.UploadAsync(Name.FileName, _spool, Cancellation);

        Assert.Equal((UploadCheck)expected, (await LargeCopy().CheckAsync(VerifyAfter.Auto, Cancellation)).Check);
    }

    [Theory(Timeout = 60_000)]
    [InlineData((int)VerifyAfter.Auto, (int)UploadCheck.Size)]
    [InlineData((int)VerifyAfter.Stored, (int)UploadCheck.ReadBack)]
    public async Task The_local_copy_is_the_file_that_was_hashed_and_is_read_only_if_all_has_to_be(int how, int expected)
    {
        using var local = new LocalStore(_folder.Root, "staging", TimeProvider.System);

        var upload = StoredUpload.Begin(local, Name, _spool, Task.FromResult(new byte[100]), (VerifyAfter)how, _log, Cancellation);
        await upload.Ended;

        Assert.Equal((true, (UploadCheck)expected), (upload.IsCommitted, upload.Checked!.Check));
        Assert.Equal(_content, await File.ReadAllBytesAsync(Path.Combine(local.Folder, Name.FileName), Cancellation));
    }

    private UploadedCopy LargeCopy() => new(_store, Name, _spool, _log) { ReadBackLimit = Size - 1 };

    private StoredUpload Begin(VerifyAfter how, CancellationToken cancellation) =>
        StoredUpload.Begin(_store, Name, _spool, Task.FromResult(new byte[100]), how, _log, cancellation);

    private async Task<StoredUpload> UploadAsync(VerifyAfter how)
    {
        var upload = Begin(how, Cancellation);
        await upload.Ended;
        return upload;
    }

    private async Task<StoredUpload> AssertIsBackupAsync(VerifyAfter how, UploadCheck expected)
    {
        var upload = await UploadAsync(how);

        Assert.Null(upload.Problem);
        Assert.Equal((true, expected), (upload.IsCommitted, upload.ToReport().Checked));
        Assert.Equal(_content, await File.ReadAllBytesAsync(Stored, Cancellation));
        Assert.True(File.Exists(Path.Combine(_store.Location, Name.ManifestFileName)));
        return upload;
    }

    private void Flip(int place = Size / 2)
    {
        using var file = File.Open(Stored, FileMode.Open);
        file.Position = place;
        var value = file.ReadByte();
        file.Position = place;
        file.WriteByte((byte)(value ^ 1));
    }
}
