using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Tests.Configuration;

namespace BackupSidecar.Tests.Planning;

public sealed class BackupPlannerTests
{
    [Fact]
    public void Every_source_has_its_entry()
    {
        var plan = Plan(Said.Enough
            .With("BACKUP_POSTGRES", "postgresql://u:hunter22@db:5432/shop")
            .With("BACKUP_MONGODB", "mongodb://u:hunter22@m1:1,m2:2/,mongodb://m/catalog")
            .With("BACKUP_MYSQL", "mysql://u:hunter22@db/shop,mariadb://u:hunter22@db:3307/")
            .With("BACKUP_REDIS", "redis://:hunter22@cache:6380/3")
            .With("BACKUP_SQLITE", "/data/app.db,/data/other.db:other")
            .With("BACKUP_DIRS", "/data/uploads,/etc/app:config")
            .With("BACKUP_FILES", "/data/app.ini"));

        Assert.Equal(
            [
                ("postgres", "postgres-shop.dump", "postgresql://u@db:5432/shop"),
                ("mysql", "mysql-shop.sql", "mysql://u@db/shop"),
                ("mysql", "mysql-all.sql", "mysql://u@db:3307/"),
                ("mongodb", "mongodb-all.archive", "mongodb://u@m1:1,m2:2/"),
                ("mongodb", "mongodb-catalog.archive", "mongodb://m/catalog"),
                ("redis", "redis-cache.rdb", "redis://cache:6380"),
                ("sqlite", "sqlite-app.db.db", "/data/app.db"),
                ("sqlite", "sqlite-other.db", "/data/other.db"),
                ("directory", "uploads", "/data/uploads"),
                ("directory", "config", "/etc/app"),
                ("file", "app.ini", "/data/app.ini"),
            ],
            plan.Sources.Select(source => (source.Kind, source.EntryName, source.Origin)));
        Assert.Equal("stack", plan.Name);
    }

    [Fact]
    public void All_databases_of_a_PostgreSQL_server_are_one_source_until_the_server_names_them()
    {
        var plan = Plan(Said.Enough.With("BACKUP_POSTGRES", "postgresql://u:hunter22@db/*?backup.exclude_database=test,tmp"));

        var server = Assert.IsType<DatabaseServerPlan>(plan.Sources[0]);
        Assert.Equal(("postgres", "postgres-all"), (server.Kind, server.EntryName));
        Assert.Equal(["test", "tmp"], server.Options.ExcludedDatabases);
    }

    [Fact]
    public void What_the_operator_says_in_a_uri_is_for_us_alone()
    {
        var plan = Plan(Said.Enough.With(
            "BACKUP_POSTGRES", "postgresql://u:hunter22@db/shop?backup.name=main&sslmode=require&backup.exclude_table=log,public.%22a%2Cb%22"));

        var source = Assert.IsType<DatabaseSourcePlan>(plan.Sources[0]);
        Assert.Equal(("postgres-main.dump", "shop"), (source.EntryName, source.DatabaseName));
        Assert.Equal("postgresql://u:hunter22@db/shop?sslmode=require", source.Uri.Reveal());
        Assert.Equal("log", source.Options.ExcludedTables[0]);
    }

    [Fact]
    public void All_databases_of_a_server_are_one_source_until_the_run_begins() =>
        Assert.Equal(
            [("postgres-all", "postgresql://u@db:5432/*"), ("postgres-mine", "postgresql://other/*")],
            Plan(Said.Enough.With("BACKUP_POSTGRES", "postgresql://u:hunter22@db:5432/*,postgresql://other/*?backup.name=mine")).Sources
                .OfType<DatabaseServerPlan>().Select(source => (source.EntryName, source.Origin)));

    [Fact]
    public void A_pattern_of_files_is_one_source_until_the_run_begins() =>
        Assert.Equal("/data/*.db", Assert.IsType<SqlitePatternPlan>(Plan(Said.Enough.With("BACKUP_SQLITE", "/data/*.db")).Sources[0]).Pattern);

    [Theory]
    [InlineData("/data/*.db:app")]
    [InlineData("/data/*/app.db")]
    public void A_pattern_of_files_has_no_name_and_no_pattern_of_folders(string pattern)
    {
        var (_, faults) = BackupPlanner.Plan(Said.Enough.With("BACKUP_SQLITE", pattern).Settings());

        Assert.Equal("BACKUP_SQLITE", Assert.Single(faults).Setting);
    }

    [Fact]
    public void The_uri_goes_along_as_it_was_given() =>
        Assert.Equal(
            "postgresql://u:hunter22@db/shop?sslmode=require",
            Assert.IsType<DatabaseSourcePlan>(
                Plan(Said.Enough.With("BACKUP_POSTGRES", "postgresql://u:hunter22@db/shop?sslmode=require")).Sources[0]).Uri.Reveal());

    [Theory]
    [InlineData("postgresql://db", "postgres", "postgres-postgres.dump")]
    [InlineData("postgresql://me@db/", "postgres", "postgres-postgres.dump")]
    [InlineData("postgresql://db/my%20shop%2F%C3%A9t%C3%A9", "my shop/été", "postgres-my_shop_été.dump")]
    [InlineData("postgresql://db/..", "..", "postgres-...dump")]
    [InlineData("postgresql:///?dbname=shop&host=/run", "shop", "postgres-shop.dump")]
    public void A_postgres_database_gives_a_safe_name(string uri, string database, string entry)
    {
        var source = Assert.IsType<DatabaseSourcePlan>(Plan(Said.Enough.With("BACKUP_POSTGRES", uri)).Sources[0]);

        Assert.Equal((database, entry), (source.DatabaseName, source.EntryName));
    }

    [Fact]
    public void Names_that_collide_are_numbered()
    {
        var plan = Plan(Said.Enough
            .With("BACKUP_POSTGRES", "postgres://a/shop\npostgres://b/shop\npostgres://c/shop-2\npostgres://d/shop")
            .With("BACKUP_DIRS", "/a/data,/b/data,/c/.cfg,/d/.cfg")
            .With("BACKUP_FILES", "/a/data"));

        Assert.Equal(
            ["postgres-shop.dump", "postgres-shop-3.dump", "postgres-shop-2.dump", "postgres-shop-4.dump", "data", "data-2", ".cfg", ".cfg-2", "data-3"],
            plan.Sources.Select(source => source.EntryName));
    }

    [Fact]
    public void Entry_names_are_unique_whatever_is_wanted()
    {
        string[] pieces = ["a", "b", "-2", "-3", ".db", ".", ""];
        var random = new Random(6);
        for (var i = 0; i < 20_000; i++)
        {
            var wanted = Enumerable.Range(0, random.Next(10))
                .Select(_ => "x" + string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => pieces[random.Next(pieces.Length)])))
                .ToList();

            var names = EntryNames.Unique(wanted);

            Assert.Equal(wanted.Count, names.Distinct().Count());
            Assert.Equal(names, EntryNames.Unique(wanted));
            Assert.Subset(names.ToHashSet(), wanted.ToHashSet());
        }
    }

    [Fact]
    public void A_safe_name_is_one_part_of_a_path_whatever_the_database_is_called()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(300)).Select(_ => (char)random.Next(0x300)));

            var name = EntryNames.Safe(text);

            Assert.InRange(name.Length, 1, 100);
            Assert.DoesNotContain(name, c => c == '/' || char.IsControl(c) || char.IsWhiteSpace(c));
        }
    }

    [Fact]
    public void What_is_our_own_stays_out_of_a_directory_above_it()
    {
        var plan = Plan(Said.Enough
            .With("BACKUP_DIRS", "/srv,/srv/back,/:root,/other")
            .With("BACKUP_LOCAL_PATH", "/srv/backups/")
            .With("BACKUP_STAGING_DIR", "/srv/staging")
            .With("BACKUP_STATE_DIR", "/var/state"));

        Assert.Equal(
            [["/srv/backups", "/srv/staging"], [], ["/srv/backups", "/srv/staging", "/var/state"], []],
            plan.Sources.OfType<DirectorySourcePlan>().Select(source => source.Excluded.ToArray()));
    }

    [Theory]
    [InlineData("/backups-local")]
    [InlineData("/backups-local/stack")]
    [InlineData("/backups-local/stack/old")]
    [InlineData("/backups")]
    [InlineData("/var/lib/backup-sidecar")]
    public void The_backups_themselves_are_no_source(string directory)
    {
        var (_, faults) = BackupPlanner.Plan(Said.Enough.With("BACKUP_DIRS", directory).Settings());

        Assert.Equal("BACKUP_DIRS", Assert.Single(faults).Setting);
    }

    [Theory]
    [InlineData("gzip", false, ".tar.gz")]
    [InlineData("gzip", true, ".tar.gz.gpg")]
    [InlineData("zstd", true, ".tar.zst.gpg")]
    [InlineData("none", false, ".tar")]
    [InlineData("none", true, ".tar.gpg")]
    public void The_extension_says_how_the_archive_is_made(string compression, bool isEncrypted, string extension)
    {
        var said = Said.Enough.With("BACKUP_COMPRESSION", compression);
        if (isEncrypted)
            said.With("BACKUP_ENCRYPTION_KEY", "a passphrase of some length");

        Assert.Equal(extension, Plan(said).ArchiveExtension);
    }

    [Fact]
    public void A_uri_that_was_not_read_with_the_settings_is_checked_here()
    {
        var settings = Said.Enough.Settings() with
        {
            Sources = new SourceSettings
            {
                Postgres = [new DatabaseUri(new Secret("postgres://u:hunter22@db:x/y"), new DatabaseOptions())],
                Mongodb = [new DatabaseUri(new Secret("mongodb://u:hunter22@"), new DatabaseOptions())],
            },
        };

        var (plan, faults) = BackupPlanner.Plan(settings);

        Assert.Equal(["BACKUP_POSTGRES", "BACKUP_MONGODB"], faults.Select(fault => fault.Setting));
        Assert.DoesNotContain("hunter22", string.Join('\n', faults));
        Assert.Empty(plan.Sources);
    }

    private static BackupPlan Plan(Said said)
    {
        var (plan, faults) = BackupPlanner.Plan(said.Settings());
        Assert.Empty(faults);
        return plan;
    }
}
