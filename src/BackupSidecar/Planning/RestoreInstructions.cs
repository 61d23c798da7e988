using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Planning;

/// <summary>
/// The text of <c>RESTORE.txt</c>, the first entry of every archive: how to restore it by hand on any Debian host with stock
/// programs, when nothing of ours is left. Every command in it is meant to be run as it stands.
/// </summary>
internal static class RestoreInstructions
{
    public static string For(BackupPlan plan, ArchiveName archive, ArchiveSettings settings)
    {
        var text = new StringBuilder();
        text.Append($"""
            How to restore {archive.FileName} by hand
            ========================================================

            Needed on a Debian host, as root:

                 apt-get install gnupg tar gzip{Packages(plan, settings)}

            1. Is the file whole? The digest that this prints must equal "sha256" under "stored" in {archive.ManifestFileName}:

                 sha256sum {archive.FileName}

            2. Unpack it into a new folder:

                 mkdir restored
                 {Unpack(archive, settings)}

            3. Put back what you need. The names on the left are in the folder "restored". Paths on the right are those that the
               sidecar's container saw; on the host, use the place of the volume or folder that was mounted there.


            """);
        foreach (var source in plan.Sources)
            text.Append(Steps(source));
        text.Append("""
            manifest.json lists every entry with its size and digest.

            """);
        return text.ToString();
    }

    private static string Unpack(ArchiveName archive, ArchiveSettings settings)
    {
        var decompress = settings.Compression switch
        {
            Compression.Gzip => " --gzip",
            Compression.Zstd => " --zstd",
            _ => "",
        };
        var tar = $"tar --extract{decompress} --xattrs --xattrs-include='*' --acls --numeric-owner --preserve-permissions --directory restored";
        return archive.IsEncrypted ? $"gpg --decrypt {archive.FileName} | {tar}" : $"{tar} --file {archive.FileName}";
    }

    private static string Packages(BackupPlan plan, ArchiveSettings settings) =>
        (settings.Compression == Compression.Zstd ? " zstd" : "")
        + (plan.Sources.Any(source => source.Kind == SourceKind.Postgres) ? " postgresql-client" : "")
        + (plan.Sources.Any(source => source.Kind == SourceKind.Mysql) ? " mariadb-client" : "")
        + (plan.Sources.Any(source => source.Kind == SourceKind.Redis) ? " redis-tools" : "");

    private static string Steps(SourcePlan source) => source switch
    {
        UnresolvedSourcePlan => "",
        DatabaseSourcePlan { Kind: SourceKind.Postgres, IsGlobals: true } globals => $"""
            {globals.EntryName}   roles and tablespaces of the PostgreSQL server {globals.Origin}; the databases below need them. What it
               says of roles that are there already it changes, their passwords too, so delete those lines before, if that is not wanted.
               psql obeys lines that begin with a backslash, and some of them run programs of your host. pg_dumpall writes none but \connect,
               \restrict and \unrestrict: look for others first if you do not know where the file has been.

                 psql --host HOST --username USER --dbname postgres --file restored/{Quoted(globals.EntryName)}


            """,
        DatabaseSourcePlan { Kind: SourceKind.Postgres } database => $"""
            {database.EntryName}   PostgreSQL database "{database.DatabaseName}", from {database.Origin}. It is restored whole or not at
               all, by a pg_restore that is not older than the "tool" in manifest.json. If the database is missing, or if other objects
               depend on what it replaces, make a new one first (createdb --template template0) and name that.

                 pg_restore --clean --if-exists --exit-on-error --single-transaction --host HOST --username USER --dbname {Quoted(database.DatabaseName)} restored/{Quoted(database.EntryName)}


            """,
        DatabaseSourcePlan { Kind: SourceKind.Mysql } database => Mysql(database),
        DatabaseSourcePlan { Kind: SourceKind.Mongodb } database => $"""
            {database.EntryName}   MongoDB, from {database.Origin}. mongorestore is one of MongoDB's database tools.

                 mongorestore --host HOST --username USER --drop --archive=restored/{Quoted(database.EntryName)}


            """,
        DatabaseSourcePlan { Kind: SourceKind.Redis } database => $"""
            {database.EntryName}   Redis or Valkey, all of its databases, from {database.Origin}. A server reads it at its start, from its
               own data directory. Ask the server where that is while it runs, and write the answers down. If it wants a password, the
               variable REDISCLI_AUTH has it (read -rs REDISCLI_AUTH; export REDISCLI_AUTH), and a server in a container is asked with
               docker exec --env REDISCLI_AUTH CONTAINER before each command:

                 redis-cli CONFIG GET dir
                 redis-cli CONFIG GET dbfilename
                 redis-cli CONFIG GET appendonly

               Stop the server. In what follows DIR is its data directory (of a container: the place of its volume). If appendonly
               is "no", and dbfilename is dump.rdb:

                 cp restored/{Quoted(database.EntryName)} DIR/dump.rdb
                 chown --reference=DIR DIR/dump.rdb

               If appendonly is "yes", of Redis 7 and newer and of Valkey (older ones: put it in place of DIR/appendonly.aof instead):

                 mv DIR/appendonlydir DIR/appendonlydir.before
                 mkdir DIR/appendonlydir
                 cp restored/{Quoted(database.EntryName)} DIR/appendonlydir/appendonly.aof.1.base.rdb
                 echo 'file appendonly.aof.1.base.rdb seq 1 type b' > DIR/appendonlydir/appendonly.aof.manifest
                 chown --recursive --reference=DIR DIR/appendonlydir

               Start the server. Keys whose time to live has ended meanwhile are gone.


            """,
        SqliteSourcePlan sqlite => $"""
            {sqlite.EntryName}   SQLite database {sqlite.Path}. Stop what uses it, then:

                 rm --force {Quoted(sqlite.Path + "-wal")} {Quoted(sqlite.Path + "-shm")} {Quoted(sqlite.Path + "-journal")}
                 cp restored/{Quoted(sqlite.EntryName)} {Quoted(sqlite.Path)}


            """,
        DirectorySourcePlan directory => $"""
            {directory.EntryName}/   the directory {directory.Path}. Stop what uses it and empty it, then:

                 mkdir --parents {Quoted(directory.Path)}
                 cp --archive restored/{Quoted(directory.EntryName)}/. {Quoted(directory.Path)}/


            """,
        _ => $"""
            {source.EntryName}   the file {source.Origin} (if it is a database of SQLite, remove its -wal, -shm and -journal first)

                 cp --archive restored/{Quoted(source.EntryName)} {Quoted(source.Origin)}


            """,
    };

    /// <summary>A dump of all databases names them; that of one does not.</summary>
    private static string Mysql(DatabaseSourcePlan source)
    {
        const string Client = "mariadb --host HOST --user USER --password --binary-mode --local-infile=0 --max-allowed-packet 1G --default-character-set utf8mb4";
        if (MysqlUri.TryParse(source.Uri.Reveal(), out var uri, out _) && uri.Database.Length == 0)
        {
            return $"""
                {source.EntryName}   all databases of MySQL or MariaDB, from {source.Origin}. Each database in it replaces the one of its name;
                   others stay. "mysql" of MySQL takes the same options as "mariadb".

                     {Client} < restored/{Quoted(source.EntryName)}


                """;
        }
        var name = '`' + source.DatabaseName.Replace("`", "``", StringComparison.Ordinal) + '`';
        return $"""
            {source.EntryName}   MySQL or MariaDB database "{source.DatabaseName}", from {source.Origin}. What the database holds now is dropped first;
               or write another name to restore it beside that. "mysql" of MySQL takes the same options as "mariadb".

                 {Client} --execute {Quoted($"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}")}
                 {Client} --database {Quoted(source.DatabaseName)} < restored/{Quoted(source.EntryName)}


            """;
    }

    private static string Quoted(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-".Contains(c)) ? path : "'" + path.Replace("'", @"'\''") + "'";
}
