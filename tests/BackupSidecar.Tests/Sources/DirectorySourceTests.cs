using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Sources;

namespace BackupSidecar.Tests.Sources;

public sealed class DirectorySourceTests : IDisposable
{
    // What a tree is, down to the last byte that a backup should keep: names, kinds, modes, owners, times, links, content.
    private const string Describe =
        """
        find . -mindepth 1 -printf '%P\0%y\0%#m\0%U:%G\0%T@\0%n\0%l\0\n' | sort | od -An -c -v
        find . -type f -print0 | sort -z | xargs -0 sha256sum
        getfattr --recursive --physical --no-dereference --absolute-names --dump --match=- -- . | sort
        getfacl --recursive --physical --numeric --absolute-names -- .
        find . -type f -samefile sub/original | sort
        """;

    private readonly SourceWorkshop _workshop = new();

    public void Dispose() => _workshop.Dispose();

    [Fact]
    public async Task A_tree_of_all_kinds_comes_back_as_it_was()
    {
        await _workshop.ShellAsync(
            """
            mkdir -m 1777 sub; echo one > sub/original; ln sub/original hard; ln -s ./sub/original soft; ln -s . itself; ln -s /nowhere dangling
            truncate -s 20M sparse; printf data | dd of=sparse bs=1 seek=10000000 conv=notrunc status=none
            mkfifo fifo; echo x > program; chown 123456789:4000000 program; chmod 6755 program; setcap cap_net_raw+ep program
            echo x > attributes; setfattr -n user.note -v 'a value' attributes; setfacl -m u:1234:rw,g:77:r attributes
            setfacl -d -m u:1234:rwx sub; touch -d '2106-03-01 00:00:00.123456789' future; touch -d '1965-01-01' past
            """);
        var before = await _workshop.ShellAsync(Describe);

        var written = await _workshop.BackUpAsync(Source("app"));

        Assert.Equal(before, await _workshop.ShellAsync($"cd ../unpacked/app; {Describe}"));
        Assert.Equal(SourceState.Complete, written.State);
        Assert.Empty(written.Skipped);
        Assert.Equal(13, written.Entries);
        Assert.NotNull(written.TarSha256);
        Assert.StartsWith("GNU tar 1.", written.Tool);
        Assert.Equal("read file by file", written.Consistency);
        Assert.True(new FileInfo(_workshop.ArchivePath).Length < 100_000, "the holes of the sparse file were stored");
        Assert.Contains($"Backing up directory: {_workshop.Data}", _workshop.Logged);
    }

    [Fact]
    public async Task Names_of_any_bytes_come_back_as_they_were()
    {
        await _workshop.ShellAsync(
            """
            echo 1 > .hidden; echo 2 > ..x; echo 3 > ./-rf; echo 4 > $'new\nline'; echo 5 > $'bad\xff\xfe'; echo 6 > $'esc\e[1m'; echo 7 > 'back\slash\n'
            echo 8 > ' blank '; echo 9 > 'a:b'; echo 10 > '*?[x]'; echo 11 > $'caf\xc3\xa9'; echo 12 > $'cafe\xcc\x81'; echo 13 > 'A'; echo 14 > 'a'
            echo 15 > "$(printf 'n%.0s' {1..255})"; mkdir './--checkpoint-action=exec=false'; echo 16 > './--checkpoint-action=exec=false/.'$'\x01'
            for i in {1..20}; do deep=$(printf 'd%.0s' {1..150}); mkdir "$deep"; cd "$deep"; done
            """);
        const string describe = "find . -mindepth 1 -printf '%P\\0' | sort -z | sha256sum; find . -type f -print0 | sort -z | xargs -0 cat";
        var before = await _workshop.ShellAsync(describe);

        var written = await _workshop.BackUpAsync(Source("app"));

        Assert.Equal(before, await _workshop.ShellAsync($"cd ../unpacked/app; {describe}"));
        Assert.Equal(SourceState.Complete, written.State);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..x")]
    [InlineData("-rf")]
    [InlineData("a&b")]
    [InlineData(@"a\1\n\Lb\")]
    [InlineData("a;s,b|c#d")]
    [InlineData("new\nline")]
    [InlineData("ünï ☃")]
    [InlineData("'quoted\" $HOME `x` *")]
    public async Task The_folder_carries_the_name_of_the_entry_whatever_is_in_it(string name)
    {
        name = name == "." ? ".hidden" : name;
        await _workshop.ShellAsync("echo content > original; ln original hard; ln -s ./original soft; truncate -s 1M sparse");

        await _workshop.BackUpAsync(Source(name));

        var unpacked = Path.Combine(_workshop.Unpacked, name);
        Assert.Equal([unpacked], Directory.GetFileSystemEntries(_workshop.Unpacked));
        Assert.Equal(
            ["hard", "original", "soft", "sparse"],
            Directory.GetFileSystemEntries(unpacked).Select(path => Path.GetFileName(path)).Order());
        Assert.Equal("./original", new FileInfo(Path.Combine(unpacked, "soft")).LinkTarget);
        Assert.Equal("content\n", await File.ReadAllTextAsync(Path.Combine(unpacked, "hard"), SourceWorkshop.Cancellation));
    }

    [Fact]
    public async Task What_is_excluded_is_left_out_and_nothing_else()
    {
        string[] names = ["backups", "ba*[k]", @"back\slash", "backups2", "backed", "sub/backups"];
        foreach (var name in names)
            await _workshop.ShellAsync($"mkdir -p '{name}/inside'");
        await _workshop.ShellAsync("mkdir -p .backup-sidecar-restore-1/x sub/.backup-sidecar-kept .backup-sidecarnot");
        var plan = new DirectorySourcePlan("app", _workshop.Data)
        {
            Excluded =
            [
                _workshop.PathTo("backups"), _workshop.PathTo("ba*[k]"), _workshop.PathTo(@"back\slash"),
                _workshop.Data, "/elsewhere", _workshop.Root,
            ],
        };

        var written = await _workshop.BackUpAsync(new DirectorySource(plan, _workshop));

        Assert.Equal(SourceState.Complete, written.State);
        Assert.Equal(
            ".backup-sidecarnot\nbacked\nbacked/inside\nbackups2\nbackups2/inside\nsub\nsub/.backup-sidecar-kept\nsub/backups\nsub/backups/inside\n",
            await _workshop.ShellAsync("cd ../unpacked/app; find . -mindepth 1 -printf '%P\\n' | LC_ALL=C sort"));
    }

    [Fact]
    public async Task An_empty_directory_is_kept_and_noticed()
    {
        var written = await _workshop.BackUpAsync(Source("app"));

        Assert.True(Directory.Exists(Path.Combine(_workshop.Unpacked, "app")));
        Assert.Equal(SourceState.Complete, written.State);
        Assert.Equal(["the directory is empty"], written.Skipped);
        Assert.Contains($"Directory {_workshop.Data} is empty; is its volume mounted?", _workshop.Logged);
    }

    [Fact]
    public async Task A_linked_directory_is_followed_and_the_manifest_says_where_to()
    {
        await _workshop.ShellAsync("echo x > file; ln -s data ../link");
        var link = Path.Combine(_workshop.Root, "link");

        var written = await _workshop.BackUpAsync(new DirectorySource(new DirectorySourcePlan("app", link), _workshop));

        Assert.True(File.Exists(Path.Combine(_workshop.Unpacked, "app", "file")));
        Assert.Equal($"{link} (a link to {_workshop.Data})", written.Origin);
    }

    [Fact]
    public async Task A_missing_directory_is_found_missing_before_anything_is_stopped()
    {
        var source = new DirectorySource(new DirectorySourcePlan("app", _workshop.PathTo("nowhere")), _workshop);

        var failure = await Assert.ThrowsAsync<SourceException>(() => source.CheckAsync(SourceWorkshop.Cancellation));

        Assert.Contains("no such directory", failure.Message);
    }

    [Fact]
    public async Task A_file_is_not_a_directory()
    {
        await _workshop.ShellAsync("echo x > file");
        var source = new DirectorySource(new DirectorySourcePlan("app", _workshop.PathTo("file")), _workshop);

        var failure = await Assert.ThrowsAsync<SourceException>(() => source.CheckAsync(SourceWorkshop.Cancellation));

        Assert.Contains("not a directory", failure.Message);
    }

    [Fact]
    public async Task A_directory_that_goes_away_before_it_is_read_leaves_the_archive_good()
    {
        var source = Source("app");
        Directory.Move(_workshop.Data, _workshop.Data + "-moved");
        using var archive = new MemoryStream();

        var written = _workshop.Write(source, archive);

        Directory.Move(_workshop.Data + "-moved", _workshop.Data);
        await File.WriteAllBytesAsync(_workshop.ArchivePath, archive.ToArray(), SourceWorkshop.Cancellation);
        Assert.Equal(SourceState.Failed, written.State);
        Assert.Contains("No such file or directory", written.Problem);
        Assert.Equal("", await _workshop.ShellAsync("tar --list --file=../archive.tar"));
    }

    [Fact]
    public async Task A_socket_is_left_out_with_a_note()
    {
        await _workshop.ShellAsync("echo x > file");
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_workshop.PathTo("app.sock")));

        var written = await _workshop.BackUpAsync(Source("app"));

        Assert.Equal(SourceState.Complete, written.State);
        Assert.Equal(["app.sock: socket ignored"], written.Skipped);
    }

    [Fact]
    public async Task A_file_that_shrinks_while_it_is_read_makes_the_source_incomplete_and_the_archive_stays_good()
    {
        await _workshop.ShellAsync("head -c 100M /dev/urandom > big");

        var written = await BackUpWhileAsync("truncate -s 1M big");

        Assert.Equal(SourceState.Incomplete, written.State);
        Assert.Contains("big: File shrank by", Assert.Single(written.Skipped));
        Assert.Contains("big: File shrank by", written.Problem);
        Assert.Contains("BACKUP_STOP_SERVICES", written.Problem);
        Assert.Equal("app/\napp/big\n", await _workshop.ShellAsync("tar --list --file=../archive.tar"));
    }

    [Fact]
    public async Task Files_that_go_away_before_they_are_read_are_noted_and_the_source_is_complete()
    {
        // tar reads a folder in the order of its inode numbers: the file that it is busy with has the lowest.
        await _workshop.ShellAsync(
            """
            for i in {1..20}; do echo x > small$i; done
            mv "$(find . -type f -printf '%i %P\n' | sort -n | head -n 1 | cut -d ' ' -f 2)" big; head -c 100M /dev/urandom > big
            """);

        var written = await BackUpWhileAsync("rm small*");

        Assert.Equal(SourceState.Complete, written.State);
        Assert.Null(written.Problem);
        Assert.Contains(written.Skipped, note => note.EndsWith(": File removed before we read it", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancelling_ends_tar()
    {
        await _workshop.ShellAsync("head -c 100M /dev/urandom > big");
        using var cancelling = new CancellationTokenSource();
        using var gate = new GatedStream();
        using var archive = ArchiveWriter.Create(_workshop.Settings, gate);
        var source = Source("app");
        var writing = Task.Run(() => source.WriteTo(archive, cancelling.Token), SourceWorkshop.Cancellation);
        await gate.Reached;

        await cancelling.CancelAsync();
        gate.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    /// <summary>Backs up while a script runs, which starts when tar has begun to read and cannot have come far.</summary>
    private async Task<ManifestSource> BackUpWhileAsync(string script)
    {
        using var gate = new GatedStream();
        var source = Source("app");
        var writing = Task.Run(() => _workshop.Write(source, gate), SourceWorkshop.Cancellation);
        await gate.Reached;
        await _workshop.ShellAsync(script);
        gate.Open();
        var written = await writing;
        await File.WriteAllBytesAsync(_workshop.ArchivePath, gate.ToArray(), SourceWorkshop.Cancellation);
        return written;
    }

    private DirectorySource Source(string entry) => new(new DirectorySourcePlan(entry, _workshop.Data), _workshop);

    /// <summary>Holds what is written until the gate is open, so that whoever writes comes to a halt.</summary>
    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _gate = new();

        public Task Reached => _reached.Task;

        public void Open() => _gate.Set();

        public override void Write(byte[] buffer, int offset, int count)
        {
            _reached.TrySetResult();
            _gate.Wait(CancellationToken.None);
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            _gate.Set();
            base.Dispose(disposing);
        }
    }
}
