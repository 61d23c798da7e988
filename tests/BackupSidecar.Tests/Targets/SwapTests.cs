using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Targets;

public sealed class SwapTests : IDisposable
{
    private static readonly HashSet<RawName> Nothing = [];

    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLog _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_comes_in_replaces_everything_and_the_directory_gets_its_attributes()
    {
        var swap = Prepare("echo old > t/a; mkdir t/gone; touch t/.hidden", "echo new > a; mkdir sub; echo b > sub/b; chmod 2750 .; touch -d @1000 .");

        swap.ExchangeAll(Nothing);
        swap.Commit();
        await swap.DiscardAsync();

        Assert.Equal("a\nsub\n", _folder.Shell("ls -A t"));
        Assert.Equal("new\n", _folder.Shell("cat t/a"));
        Assert.Equal("2750 1000\n", _folder.Shell("stat -c '%a %Y' t"));
    }

    [Fact]
    public async Task A_rollback_gives_back_the_old_state_to_the_last_attribute()
    {
        _folder.Shell("mkdir -p t/sub; echo old > t/a; printf x > t/$'caf\\xe9'; setfattr -n user.k -v v t; setfacl -m u:1234:rx t; chmod 3751 t; touch -d @2000 t/sub t");
        var before = _folder.Describe(_folder["t"]);
        var swap = Prepare("touch -d @2000 t", "echo new > a; echo c > c; chmod 700 .");

        swap.ExchangeAll(Nothing);
        await swap.RollBackAsync();

        _folder.Shell("touch -d @2000 t");
        Assert.Equal(before, _folder.Describe(_folder["t"]));
    }

    [Fact]
    public async Task What_is_to_be_kept_stays_where_it_is()
    {
        var swap = Prepare("mkdir t/backups; echo 1 > t/backups/archive; touch t/old", "touch new");

        swap.ExchangeAll(new HashSet<RawName> { new("backups") });
        swap.Commit();
        await swap.DiscardAsync();

        Assert.Equal("backups\nnew\n", _folder.Shell("ls -A t"));
        Assert.Equal("1\n", _folder.Shell("cat t/backups/archive"));
    }

    [Theory]
    [InlineData("chattr +i t/m", "chattr -i t/m")]
    [InlineData("mount -t tmpfs none t/z", "umount t/z")]
    public async Task An_exchange_that_fails_half_way_can_be_rolled_back(string hinder, string free)
    {
        var swap = Prepare("for n in a b m y z; do mkdir t/$n; echo $n > t/$n/f; done; mkdir -p t/z", "echo new > a; echo new > q");
        var before = _folder.Shell("rm -rf t/z/f; cd t; find [a-z] | sort");
        _folder.Shell(hinder);

        Assert.Throws<PosixException>(() => swap.ExchangeAll(Nothing));
        await swap.RollBackAsync();

        _folder.Shell(free);
        Assert.Equal(before, _folder.Shell("cd t; find [a-z] | sort"));
        Assert.Empty(_folder.Shell("ls -A t | grep backup-sidecar || true"));
    }

    [Fact]
    public async Task At_every_point_at_which_the_program_may_be_killed_the_old_state_comes_back()
    {
        // Each rename of the exchange is a point to die at; the trees on disk are made by hand as the exchange leaves them.
        const string old = "mkdir t/.backup-sidecar-old-7; ";
        const string staged = "mkdir -p t/.backup-sidecar-restore-7/.backup-sidecar-new; echo new > t/.backup-sidecar-restore-7/.backup-sidecar-new/a; echo new > t/.backup-sidecar-restore-7/.backup-sidecar-new/c; ";
        const string aside = "mv t/a t/b t/.backup-sidecar-old-7/; ";
        const string listed = """printf 'a\0c\0' > t/.backup-sidecar-restore-7/incoming; """;
        string[] points =
        [
            staged,
            staged + old,
            staged + old + "mv t/a t/.backup-sidecar-old-7/; ",
            staged + old + aside,
            staged + old + aside + listed,
            staged + old + aside + listed + "mv t/.backup-sidecar-restore-7/.backup-sidecar-new/a t/; ",
            staged + old + aside + listed + "mv t/.backup-sidecar-restore-7/.backup-sidecar-new/* t/; ",
            // Killed in the rollback itself.
            staged + old + aside + listed + "mv t/.backup-sidecar-restore-7/.backup-sidecar-new/c t/; ",
            staged + old + aside,
            staged + old + aside + "mv t/.backup-sidecar-old-7/b t/; ",
            old,
        ];
        foreach (var point in points)
        {
            _folder.Shell("rm -rf t; mkdir t; echo old > t/a; echo old > t/b; " + point);

            await Leftovers.ClearAsync(_folder["t"], current: null, _log);

            Assert.Equal("a\nb\n", _folder.Shell("ls -A t"));
            Assert.Equal("old\nold\n", _folder.Shell("cat t/a t/b"));
        }
    }

    [Fact]
    public async Task After_the_commit_nothing_is_rolled_back_and_the_rest_of_the_old_state_goes()
    {
        _folder.Shell("mkdir -p t/.backup-sidecar-done-7/sub; echo old > t/.backup-sidecar-done-7/a; echo new > t/a");

        await Leftovers.ClearAsync(_folder["t"], current: null, _log);

        Assert.Equal("a\n", _folder.Shell("ls -A t"));
        Assert.Equal("new\n", _folder.Shell("cat t/a"));
    }

    [Fact]
    public async Task A_rolled_back_restore_is_named_in_the_log()
    {
        _folder.Shell("mkdir -p t/.backup-sidecar-old-7; echo old > t/.backup-sidecar-old-7/a");

        await Leftovers.ClearAsync(_folder["t"], current: null, _log);

        Assert.Contains(_log.Lines, line => line.StartsWith("Warning: A restore was interrupted in", StringComparison.Ordinal));
        Assert.Equal("old\n", _folder.Shell("cat t/a"));
    }

    [Fact]
    public async Task A_file_is_replaced_together_with_what_belongs_to_its_old_content()
    {
        var swap = Prepare("echo old > t/db; echo wal > t/db-wal; echo other > t/other", "echo new > db");

        swap.ExchangeFile(new RawName("db"), [new RawName("db-wal"), new RawName("db-shm")]);
        swap.Commit();
        await swap.DiscardAsync();

        Assert.Equal("db\nother\n", _folder.Shell("ls -A t"));
        Assert.Equal("new\n", _folder.Shell("cat t/db"));
    }

    [Fact]
    public async Task A_replaced_file_and_its_companions_can_be_rolled_back()
    {
        var swap = Prepare("echo old > t/db; echo wal > t/db-wal", "echo new > db");

        swap.ExchangeFile(new RawName("db"), [new RawName("db-wal")]);
        await swap.RollBackAsync();

        Assert.Equal("db\ndb-wal\n", _folder.Shell("ls -A t"));
        Assert.Equal("old\nwal\n", _folder.Shell("cat t/db t/db-wal"));
    }

    [Fact]
    public async Task A_file_that_was_not_there_is_gone_after_a_rollback()
    {
        var swap = Prepare("true", "echo new > db");

        swap.ExchangeFile(new RawName("db"), []);
        await swap.RollBackAsync();

        Assert.Empty(_folder.Shell("ls -A t"));
    }

    private Swap Prepare(string before, string incoming)
    {
        _folder.Shell("mkdir -p t; " + before);
        var swap = new Swap(_folder["t"], "7");
        swap.Prepare();
        _folder.Shell($"mkdir '{swap.New}'; cd '{swap.New}'; {incoming}");
        return swap;
    }
}
