using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Archives;

namespace BackupSidecar.Tests.Restore;

public sealed class RestoreInPlaceTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Everything_about_a_directory_comes_back(bool encrypted)
    {
        if (!encrypted)
            _scene.Settings = _scene.Settings with { Archive = new ArchiveSettings { CompressionThreads = 2 } };
        var data = NastyTree.CreateIn(_scene.AddDirectory("data"));
        _scene.Folder.Shell("chown -R 1234:5678 data/plain; chmod 2775 data; setfattr -n user.root -v r data; setfacl -m u:77:rwx -d -m g:78:rx data; touch -d @1000000 data");
        var (before, root) = (NastyTree.DescriptionOf(data), Root());
        await _scene.BackUpAsync();
        _scene.Folder.Shell("rm -rf data/*; chmod 700 data; setfacl -b data; setfattr -x user.root data; echo changed > data/new; touch data/.hidden");

        await _scene.RestoredAsync();

        Assert.Equal(before, NastyTree.DescriptionOf(data));
        Assert.Equal(root, Root());
        Assert.Empty(_scene.Leftovers());

        string Root() => _scene.Folder.Shell("stat -c '%a %u %g %Y' data; getfattr -d -m - data; getfacl -n data; ls -A data");
    }

    [Fact]
    public async Task A_directory_is_replaced_to_equal_the_backup()
    {
        _scene.Folder.Write("data/kept", "old");
        _scene.AddDirectory("data");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo new > data/kept; echo extra > data/extra; mkdir data/.cache; touch data/.cache/x");

        await _scene.RestoredAsync();

        Assert.Equal("kept\n", _scene.Folder.Shell("ls -A data"));
        Assert.Equal("old", _scene.Folder.Shell("cat data/kept"));
    }

    [Fact]
    public async Task A_merged_directory_keeps_what_the_backup_does_not_have()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir data/sub data/was-dir; echo old > data/sub/kept; echo f > data/was-dir/f; echo l > data/was-file; chmod 750 data/sub");
        await _scene.BackUpAsync();
        _scene.Folder.Shell(
            "echo new > data/sub/kept; echo extra > data/sub/extra; rm -r data/was-dir data/was-file; mkdir data/was-file; touch data/was-file/x; "
            + "mkdir outside; ln -s ../outside data/was-dir; chmod 700 data/sub");

        await _scene.RestoredAsync(new RestoreOptions { Merge = true });

        Assert.Equal("data\ndata/sub\ndata/sub/extra\ndata/sub/kept\ndata/was-dir\ndata/was-dir/f\ndata/was-file\n", _scene.Folder.Shell("find data | sort"));
        Assert.Equal("old\nl\n750\n", _scene.Folder.Shell("cat data/sub/kept data/was-file; stat -c %a data/sub"));
        Assert.Empty(_scene.Folder.Shell("ls -A outside"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_target_that_is_a_mount_point_is_restored_in_place()
    {
        _scene.AddDirectory("volume");
        _scene.Folder.Shell("mount -t tmpfs none volume; echo old > volume/a; mkdir volume/lost+found");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo new > volume/a; touch volume/b");

        await _scene.RestoredAsync();

        Assert.Equal("a\nlost+found\n", _scene.Folder.Shell("ls -A volume; mountpoint -q volume"));
        Assert.Equal("old\n", _scene.Folder.Shell("cat volume/a"));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_any_more_is_made()
    {
        _scene.AddDirectory("a/b/data");
        _scene.Sources[0] = new DirectorySourcePlan("data", _scene.Folder["a/b/data"]);
        _scene.Folder.Shell("echo 1 > a/b/data/file; chmod 701 a/b/data");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("rm -r a");

        await _scene.RestoredAsync();

        Assert.Equal("701\n1\n", _scene.Folder.Shell("stat -c %a a/b/data; cat a/b/data/file"));
    }

    [Fact]
    public async Task Our_own_store_inside_a_restored_directory_survives()
    {
        var data = _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir data/backups; echo precious > data/backups/archive; echo 1 > data/file");
        _scene.Sources[0] = new DirectorySourcePlan("data", data) { Excluded = [_scene.Folder["data/backups"]] };
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo 2 > data/file; echo more > data/backups/newer");

        await _scene.RestoredAsync();

        Assert.Equal("1\nprecious\nmore\n", _scene.Folder.Shell("cat data/file data/backups/archive data/backups/newer"));
    }

    [Fact]
    public async Task Our_own_store_deep_inside_a_directory_keeps_it_from_being_replaced()
    {
        var data = _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir -p data/a/backups; echo precious > data/a/backups/archive");
        _scene.Sources[0] = new DirectorySourcePlan("data", data) { Excluded = [_scene.Folder["data/a/backups"]] };
        await _scene.BackUpAsync();

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("--merge", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal("precious\n", _scene.Folder.Shell("cat data/a/backups/archive"));
        await _scene.RestoredAsync(new RestoreOptions { Merge = true });
        Assert.Equal("precious\n", _scene.Folder.Shell("cat data/a/backups/archive"));
    }

    [Fact]
    public async Task A_file_comes_back_with_its_attributes()
    {
        _scene.AddFile("etc/app.cfg", "port=1");
        _scene.Folder.Shell("chown 12:34 etc/app.cfg; chmod 640 etc/app.cfg; setfattr -n user.k -v v etc/app.cfg; echo x > etc/neighbour");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("rm etc/app.cfg; echo port=2 > etc/app.cfg");

        await _scene.RestoredAsync();

        Assert.Equal("port=1|640 12 34\n", _scene.Folder.Shell("cat etc/app.cfg; echo -n '|'; stat -c '%a %u %g' etc/app.cfg"));
        Assert.Contains("user.k=\"v\"", _scene.Folder.Shell("getfattr -d etc/app.cfg"), StringComparison.Ordinal);
        Assert.Equal("app.cfg\nneighbour\n", _scene.Folder.Shell("ls -A etc"));
    }

    [Fact]
    public async Task A_file_that_is_a_mount_point_is_overwritten_in_place()
    {
        _scene.AddFile("app.cfg", "port=1");
        _scene.Folder.Shell("cp app.cfg host.cfg; mount --bind host.cfg app.cfg");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo something longer > app.cfg");

        await _scene.RestoredAsync();

        Assert.Equal("port=1|port=1", _scene.Folder.Shell("cat app.cfg; echo -n '|'; cat host.cfg"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_SQLite_database_comes_back_beside_itself_under_a_name_that_is_free()
    {
        _scene.Folder.Shell("mkdir db; sqlite3 db/app.db 'create table t(v); insert into t values(1)'");
        _scene.Sources.Add(new SqliteSourcePlan("sqlite-app.db", _scene.Folder["db/app.db"]));
        await _scene.BackUpAsync();
        _scene.Folder.Shell("sqlite3 db/app.db 'update t set v = 2'; touch db/taken.db db/half-taken.db-wal");

        await _scene.RestoredAsync(new RestoreOptions { DatabaseAs = "old.db" });

        Assert.Equal("1\n2\n", _scene.Folder.Shell("sqlite3 db/old.db 'select v from t'; sqlite3 db/app.db 'select v from t'"));
        foreach (var (name, reason) in new[] { ("taken.db", "is there already"), ("half-taken.db", "is there already"), ("../up.db", "is not the name of a file") })
        {
            var report = await _scene.RestoreAsync(new RestoreOptions { DatabaseAs = name });
            Assert.Equal(RunOutcome.Failed, report.Outcome);
            Assert.Contains(reason, Assert.Single(report.Problems));
        }
        Assert.Equal("app.db\nhalf-taken.db-wal\nold.db\ntaken.db\n", _scene.Folder.Shell("ls db"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_SQLite_database_is_replaced_and_its_old_journal_does_not_come_into_the_new_one()
    {
        _scene.Folder.Shell("mkdir db; sqlite3 db/app.db 'create table t(v); insert into t values(1)'; chown 12:34 db/app.db");
        _scene.Sources.Add(new SqliteSourcePlan("sqlite-app.db", _scene.Folder["db/app.db"]));
        await _scene.BackUpAsync();
        // Killed, so that the write-ahead log stays behind with the newer row in it.
        _scene.Folder.Shell("""
            (echo "pragma journal_mode=wal; insert into t values(2); select 'ready';"; sleep 60) | sqlite3 db/app.db > out & pid=$!
            until grep -q ready out; do :; done
            pkill -9 -P $$ sqlite3 || true; kill -9 $pid 2>/dev/null || true
            test -s db/app.db-wal
            """);

        await _scene.RestoredAsync();

        Assert.Equal("app.db\n", _scene.Folder.Shell("ls -A db"));
        Assert.Equal("1\n12 34\n", _scene.Folder.Shell("sqlite3 db/app.db 'select v from t'; stat -c '%u %g' db/app.db"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sources_that_lie_inside_a_directory_are_restored_after_it(bool merge)
    {
        _scene.AddFile("data/etc/app.cfg", "port=1");
        _scene.AddDirectory("data/inner/deep");
        _scene.Sources[1] = new DirectorySourcePlan("deep", _scene.Folder["data/inner/deep"]);
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir data/db; sqlite3 data/db/app.db 'create table t(v); insert into t values(1)'; echo old > data/inner/deep/a; echo old > data/b");
        _scene.Sources.Add(new SqliteSourcePlan("sqlite-app.db", _scene.Folder["data/db/app.db"]));
        await _scene.BackUpAsync();
        var before = _scene.Folder.Describe(_scene.Folder["data"]);
        _scene.Folder.Shell("echo port=2 > data/etc/app.cfg; rm -r data/inner data/db; echo new > data/b");

        await _scene.RestoredAsync(new RestoreOptions { Merge = merge });

        Assert.Equal("1\n", _scene.Folder.Shell("sqlite3 data/db/app.db 'select v from t'"));
        Assert.Equal("port=1old\nold\n", _scene.Folder.Shell("cat data/etc/app.cfg data/inner/deep/a data/b"));
        Assert.Equal(WithoutTimes(before), WithoutTimes(_scene.Folder.Describe(_scene.Folder["data"])));
        Assert.Empty(_scene.Leftovers());

        // The folders around a replaced file, and SQLite's copy of a database, have times of their own.
        static string WithoutTimes(string tree) => System.Text.RegularExpressions.Regex.Replace(
            string.Join('\n', tree.Split('\n').Where(line => !line.Contains("app.db", StringComparison.Ordinal))), @"\|[0-9]{9,}\|", "|", default, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task What_an_interrupted_restore_left_is_put_back_before_the_next_one()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("echo old > data/a");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("mkdir data/.backup-sidecar-old-123 data/.backup-sidecar-restore-123; mv data/a data/.backup-sidecar-old-123/; echo mine > data/b");

        await new BackupSidecar.Targets.RestoreTargets(_scene.Engines, _scene.Settings.Paths.Staging, _scene.Log).RecoverAsync(_scene.Plan);

        Assert.Equal("a\nb\n", _scene.Folder.Shell("ls -A data"));
        Assert.Contains(_scene.Log.Lines, line => line.Contains(".backup-sidecar-old-123", StringComparison.Ordinal));
        _scene.Folder.Shell("mkdir data/.backup-sidecar-old-456; mv data/a data/.backup-sidecar-old-456/");
        await _scene.RestoredAsync();
        Assert.Equal("a\n", _scene.Folder.Shell("ls -A data"));
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_restored()
    {
        _scene.AddDirectory("data");
        _scene.AddFile("app.cfg", "port=1");
        _scene.Folder.Shell("echo old > data/a");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo new > data/a; echo port=2 > app.cfg");

        await _scene.RestoredAsync(new RestoreOptions { Only = ["data"] });

        Assert.Equal("old\nport=2\n", _scene.Folder.Shell("cat data/a app.cfg"));
    }

    [Fact]
    public async Task Unpacking_to_a_folder_touches_nothing_else()
    {
        var data = NastyTree.CreateIn(_scene.AddDirectory("data"));
        _scene.AddFile("app.cfg", "port=1");
        var before = NastyTree.DescriptionOf(data);
        await _scene.BackUpAsync();
        _scene.Folder.Shell("rm -r data; echo port=2 > app.cfg");

        await _scene.RestoredAsync(new RestoreOptions { ToDirectory = _scene.Folder["out"] });

        Assert.Equal("app.cfg\ndata\n", _scene.Folder.Shell("ls -A out"));
        Assert.Equal(before, NastyTree.DescriptionOf(_scene.Folder["out/data"]));
        Assert.Equal("port=1port=2\n", _scene.Folder.Shell("cat out/app.cfg app.cfg; test ! -e data"));
    }

    [Fact]
    public async Task A_folder_that_is_in_use_is_not_unpacked_into()
    {
        _scene.AddDirectory("data");
        await _scene.BackUpAsync();
        _scene.Folder.Write("out/mine", "1");

        var report = await _scene.RestoreAsync(new RestoreOptions { ToDirectory = _scene.Folder["out"] });

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal("mine\n", _scene.Folder.Shell("ls -A out"));
    }

    [Fact]
    public async Task A_read_only_target_is_found_out_before_anything_is_touched()
    {
        var data = _scene.AddDirectory("data");
        _scene.AddFile("app.cfg", "port=1");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo port=2 > app.cfg; mount --bind data data; mount -o remount,bind,ro data");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains(data, report.Problems[0], StringComparison.Ordinal);
        Assert.Contains("mount it read-write", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal("port=2\n", _scene.Folder.Shell("cat app.cfg"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_target_without_room_is_found_out_before_anything_is_touched()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("head -c 3000000 /dev/urandom > data/big");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("rm data/big; mount -t tmpfs -o size=1m none data; echo old > data/a");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("2.9 MiB are needed", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal("old\n", _scene.Folder.Shell("cat data/*"));
    }

    [Fact]
    public async Task A_file_system_mounted_inside_a_target_is_found_out_before_anything_is_touched()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir data/inner; echo 1 > data/a");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo 2 > data/a; mount -t tmpfs none data/inner; echo other > data/inner/x");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains(_scene.Folder["data/inner"], report.Problems[0], StringComparison.Ordinal);
        Assert.Equal("2\nother\n", _scene.Folder.Shell("cat data/a data/inner/x"));
    }

    [Fact]
    public async Task What_cannot_be_replaced_half_way_leaves_all_directories_as_they_were()
    {
        _scene.AddDirectory("one");
        _scene.AddDirectory("two");
        _scene.AddFile("app.cfg", "port=1");
        _scene.Folder.Shell("echo old > one/a; echo old > two/a; echo old > two/stuck");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo new > one/a; echo new > one/b; echo new > two/a; echo port=2 > app.cfg; chattr +i two/stuck");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("stuck", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal("new\nnew\nnew\nold\nport=2\n", _scene.Folder.Shell("chattr -i two/stuck; cat one/a one/b two/a two/stuck app.cfg"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_merge_that_fails_half_way_is_undone()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir data/sub; echo old > data/a; echo old > data/sub/stuck; echo old > data/sub/z; touch -d @1000 data data/sub");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo new > data/a; rm data/sub/z; chmod 700 data/sub; echo extra > data/sub/extra; touch -d @2000 data data/sub; chattr +i data/sub/stuck");
        var before = _scene.Folder.Describe(_scene.Folder["data"]);

        var report = await _scene.RestoreAsync(new RestoreOptions { Merge = true });

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal(before, _scene.Folder.Describe(_scene.Folder["data"]));
        Assert.Empty(_scene.Leftovers());
        _scene.Folder.Shell("chattr -i data/sub/stuck");
    }

    [Theory]
    [InlineData("new")]
    [InlineData("was")]
    [InlineData("incoming")]
    public async Task A_source_may_have_any_name(string name)
    {
        _scene.AddDirectory(name);
        _scene.Folder.Write($"{name}/file", "old");
        _scene.AddFile($"etc/{name}.d/{name}", "old");
        _scene.Sources[1] = new FileSourcePlan(name + "-2", _scene.Folder["etc", name + ".d", name]);
        await _scene.BackUpAsync();
        _scene.Folder.Shell($"echo changed | tee {name}/file {name}/more > etc/{name}.d/{name}");

        await _scene.RestoredAsync();

        Assert.Equal("oldold", _scene.Folder.Shell($"cat {name}/* etc/{name}.d/{name}"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_file_may_have_any_name()
    {
        foreach (var name in (string[])["new", "was", "incoming"])
            _scene.AddFile($"etc/{name}", "old");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo changed | tee etc/new etc/was > etc/incoming");

        await _scene.RestoredAsync();

        Assert.Equal("oldoldold", _scene.Folder.Shell("cat etc/*"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_restore_that_is_not_confirmed_touches_nothing()
    {
        _scene.AddDirectory("data");
        await _scene.BackUpAsync();
        _scene.Folder.Write("data/new", "1");
        var run = new BackupSidecar.Runs.RestoreRun(
            _scene.Settings, _scene.Plan, _scene.Stores,
            new BackupSidecar.Targets.RestoreTargets(_scene.Engines, _scene.Settings.Paths.Staging, _scene.Log), TimeProvider.System, _scene.Log);

        var report = await run.RunAsync(Guid.NewGuid(), new RestoreOptions(), (_, _) => Task.FromResult(false), TestContext.Current.CancellationToken);

        Assert.Equal(RunOutcome.NotStarted, report.Outcome);
        Assert.True(File.Exists(_scene.Folder["data/new"]));
    }
}
