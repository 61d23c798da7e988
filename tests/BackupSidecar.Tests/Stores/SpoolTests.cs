using System.Diagnostics;
using System.Security.Cryptography;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Stores;

public sealed class SpoolTests : IDisposable
{
    private const string FileName = ".app-2026-11-20-030000.tar.gz.partial";
    private const int NoSpace = 28;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stores-spool-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_readers_follow_a_growing_spool_to_its_end()
    {
        using var spool = new Spool(_folder.FullName, FileName, null);
        var content = Content(3_000_001);

        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(() => FollowAsync(spool), Token)).ToList();
        for (var written = 0; written < content.Length; written += 77_777)
        {
            spool.Writer.Write(content, written, Math.Min(77_777, content.Length - written));
            await Task.Yield();
        }
        var (bytes, sha256) = spool.Seal();

        Assert.Equal(content.Length, bytes);
        Assert.All(await Task.WhenAll(readers), digest => Assert.Equal(sha256, digest));
    }

    [Fact]
    public void It_knows_how_large_an_archive_there_is_room_for_here_or_where_it_may_move_to()
    {
        using var small = new SmallFileSystem();
        using var bound = new Spool(small.Path, FileName, null);
        using var free = new Spool(small.Path, ".other.partial", _folder.FullName);

        Assert.InRange(bound.Capacity, SmallFileSystem.Size / 2, SmallFileSystem.Size);
        Assert.True(free.Capacity > SmallFileSystem.Size);
        bound.Writer.Write(new byte[SmallFileSystem.Size / 2]);
        Assert.InRange(bound.Capacity, SmallFileSystem.Size / 2, SmallFileSystem.Size);
    }

    [Fact]
    public void A_folder_that_is_gone_has_no_room()
    {
        var folder = _folder.CreateSubdirectory("gone");
        using var bound = new Spool(folder.FullName, FileName, null);
        using var free = new Spool(folder.FullName, ".other.partial", _folder.FullName);
        folder.Delete(recursive: true);

        Assert.Equal(0, bound.Capacity);
        Assert.True(free.Capacity > 0);
    }

    [Fact]
    public void Its_digest_is_that_of_the_file()
    {
        using var spool = new Spool(_folder.FullName, FileName, null);
        spool.Writer.Write(Content(1_234_567));

        var (_, sha256) = spool.Seal();

        using var tool = Process.Start(new ProcessStartInfo("sha256sum", [spool.FilePath]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        Assert.Equal(sha256, tool.StandardOutput.ReadToEnd().Split(' ')[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(1_048_576)]
    [InlineData(1_048_577)]
    [InlineData(7_654_321)]
    public void Past_the_page_cache_it_holds_the_same_bytes(int length)
    {
        using var spool = new Spool(_folder.FullName, FileName, null, isFollowed: false);
        var content = Content(length);
        for (var written = 0; written < length; written += 77_777)
            spool.Writer.Write(content, written, Math.Min(77_777, length - written));

        var (bytes, _) = spool.Seal();

        Assert.Equal(length, bytes);
        Assert.Equal(content, File.ReadAllBytes(spool.FilePath));
    }

    [Fact]
    public void Past_the_page_cache_it_moves_as_well_when_its_file_system_is_full()
    {
        using var small = new SmallFileSystem();
        using var spool = new Spool(small.Path, FileName, _folder.FullName, isFollowed: false);
        var content = Content((3 * SmallFileSystem.Size) + 1);

        spool.Writer.Write(content);
        spool.Seal();

        Assert.NotNull(spool.MovedBecause);
        Assert.Equal(content, File.ReadAllBytes(spool.FilePath));
    }

    [Fact]
    public void Past_the_page_cache_a_full_file_system_is_told_to_the_writer()
    {
        using var small = new SmallFileSystem();
        using var spool = new Spool(small.Path, FileName, null, isFollowed: false);

        var failure = Assert.Throws<IOException>(() =>
        {
            spool.Writer.Write(Content(3 * SmallFileSystem.Size));
            spool.Seal();
        });

        Assert.Equal(NoSpace, failure.HResult);
    }

    [Fact]
    public void Only_its_owner_can_read_the_file()
    {
        using var spool = new Spool(_folder.FullName, FileName, null);

        Assert.Equal("600", Convert.ToString((int)new FileInfo(spool.FilePath).UnixFileMode, 8));
    }

    [Fact]
    public async Task A_full_file_system_moves_it_and_readers_do_not_notice()
    {
        using var small = new SmallFileSystem();
        using var spool = new Spool(small.Path, FileName, _folder.FullName);
        var content = Content(3 * SmallFileSystem.Size);
        spool.Writer.Write(content, 0, 500_000);
        await using var early = spool.OpenRead(0, 500_000);
        early.ReadExactly(new byte[1000]);

        var follower = Task.Run(() => FollowAsync(spool), Token);
        for (var written = 500_000; written < content.Length; written += 100_000)
            spool.Writer.Write(content, written, Math.Min(100_000, content.Length - written));
        var (bytes, sha256) = spool.Seal();

        Assert.Equal(NoSpace, spool.MovedBecause?.HResult);
        Assert.Equal(Path.Combine(_folder.FullName, FileName), spool.FilePath);
        Assert.Empty(Directory.GetFileSystemEntries(small.Path));
        Assert.Equal((content.Length, Convert.ToHexStringLower(SHA256.HashData(content))), (bytes, sha256));
        Assert.Equal(sha256, await follower);
        var rest = new byte[499_000];
        early.ReadExactly(rest);
        Assert.Equal(content.AsSpan(1000, 499_000).ToArray(), rest);
    }

    [Fact]
    public void Without_room_anywhere_the_write_fails_and_says_where()
    {
        using var first = new SmallFileSystem();
        using var second = new SmallFileSystem();
        using var spool = new Spool(first.Path, FileName, second.Path);

        var failure = Assert.Throws<IOException>(() => spool.Writer.Write(Content(2 * SmallFileSystem.Size)));

        Assert.Contains(second.Path, failure.Message, StringComparison.Ordinal);
        Assert.Equal(NoSpace, failure.HResult);
        Assert.Empty(Directory.GetFileSystemEntries(first.Path));
    }

    [Fact]
    public void Without_a_fallback_a_full_file_system_fails_the_write()
    {
        using var small = new SmallFileSystem();
        using var spool = new Spool(small.Path, FileName, null);

        var failure = Assert.Throws<IOException>(() => spool.Writer.Write(Content(2 * SmallFileSystem.Size)));

        Assert.Equal(NoSpace, failure.HResult);
        Assert.Null(spool.MovedBecause);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_replaced_by_the_fallback()
    {
        using var spool = new Spool(Path.Combine(_folder.FullName, "missing"), FileName, _folder.FullName);

        Assert.NotNull(spool.MovedBecause);
        Assert.Equal(Path.Combine(_folder.FullName, FileName), spool.FilePath);
    }

    [Fact]
    public async Task Its_failure_reaches_everyone_who_reads_or_waits()
    {
        using var spool = new Spool(_folder.FullName, FileName, null);
        spool.Writer.Write(Content(10));
        await using var reader = spool.OpenRead(0, 10);
        var waiter = spool.WaitForAsync(11, Token);

        spool.Fail(new InvalidDataException("gpg died"));

        await Assert.ThrowsAsync<InvalidDataException>(() => waiter);
        await Assert.ThrowsAsync<InvalidDataException>(() => spool.Sealed);
        await Assert.ThrowsAsync<InvalidDataException>(() => spool.WaitForAsync(1, Token));
        Assert.Throws<InvalidDataException>(() => reader.ReadByte());
        Assert.Throws<InvalidDataException>(() => spool.OpenRead(0, 1));
        Assert.Throws<InvalidDataException>(() => spool.Seal());
    }

    [Fact]
    public async Task Giving_it_up_ends_those_who_wait_and_removes_the_file()
    {
        var spool = new Spool(_folder.FullName, FileName, null);
        var waiter = spool.WaitForAsync(1, Token);

        spool.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiter);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    [Fact]
    public void An_adopted_file_stays()
    {
        var spool = new Spool(_folder.FullName, FileName, null);
        spool.Writer.Write(Content(10));
        spool.Seal();
        var final = Path.Combine(_folder.FullName, "app-2026-11-20-030000.tar.gz");
        File.Move(spool.FilePath, final);

        spool.Adopted(final);

        Assert.Equal(final, spool.FilePath);
        Assert.Equal(10, spool.OpenRead(0, 10).Read(new byte[20]));
        spool.Dispose();
        Assert.Equal([final], _folder.GetFiles().Select(file => file.FullName));
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using var spool = new Spool(_folder.FullName, FileName, null);
        using var cancelling = new CancellationTokenSource();
        var waiter = spool.WaitForAsync(1, cancelling.Token);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiter);
    }

    [Fact]
    public void A_part_can_be_read_again_from_its_start()
    {
        using var spool = new Spool(_folder.FullName, FileName, null);
        spool.Writer.Write("0123456789"u8);
        using var part = spool.OpenRead(3, 4);
        using var text = new StreamReader(part);

        Assert.Equal("3456", text.ReadToEnd());
        part.Position = 0;
        Assert.Equal('3', part.ReadByte());
        Assert.Equal(4, part.Length);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<string> FollowAsync(Spool spool)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        for (long position = 0; ;)
        {
            var (length, isSealed) = await spool.WaitForAsync(position + 1, Token);
            await using var stream = spool.OpenRead(position, length - position);
            for (int read; (read = stream.Read(buffer)) > 0; position += read)
                hash.AppendData(buffer, 0, read);
            if (isSealed)
                return Convert.ToHexStringLower(hash.GetCurrentHash());
        }
    }

    private static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }
}
