using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Databases;

/// <summary>A database with what is awkward to dump, a fingerprint of all that does not change, and somebody who writes meanwhile.</summary>
internal static class GoldenMysql
{
    public const int Rows = 1_000_000;

    public const string Schema =
        """
        SET SESSION sql_mode = '';
        CREATE TABLE item(id int PRIMARY KEY AUTO_INCREMENT, name varchar(60) NOT NULL, price decimal(10,2), twice decimal(11,2) GENERATED ALWAYS AS (price * 2) STORED,
          longer int GENERATED ALWAYS AS (char_length(name) + 1) VIRTUAL, data varbinary(16), KEY(name));
        CREATE TABLE bytes(id int PRIMARY KEY, b longblob, t longtext);
        INSERT INTO bytes VALUES (1, UNHEX(CONCAT('00','5C30','270A','1A22','FF0D')), '),(''"\\\n-- Dump completed\nINSERT INTO `item` VALUES (1),(2);'), (2, '', ''), (3, NULL, NULL), (4, REPEAT(UNHEX('00FF27285C'), 500000), REPEAT('🙂'')', 100000));
        INSERT INTO bytes SELECT 5, UNHEX(GROUP_CONCAT(LPAD(HEX(seq), 2, '0') ORDER BY seq SEPARATOR '')), 'every byte' FROM seq_0_to_255;
        CREATE TABLE `we;ird ``näme" ☂`(`a b` json, `VALUES (` bit(13), `z` date, `when` datetime(6), g geometry, e enum('x''y','(') DEFAULT '(', s set('a','b'), f double, y year);
        INSERT INTO `we;ird ``näme" ☂` VALUES ('{"k": ["\\"", 1]}', b'1010101010101', '0000-00-00', '2026-01-01 00:00:00.123456', POINT(1.5, -2), 'x''y', 'a,b', 1e-300, 2026), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        CREATE TABLE empty(id int);
        CREATE TABLE parent(id int PRIMARY KEY); CREATE TABLE child(id int PRIMARY KEY, parent int, CONSTRAINT belongs FOREIGN KEY (parent) REFERENCES parent(id) ON DELETE CASCADE);
        INSERT INTO parent VALUES (1),(2); INSERT INTO child VALUES (1,1),(2,2);
        CREATE TABLE latin(t varchar(20)) CHARACTER SET latin1; INSERT INTO latin VALUES ('Grüße');
        CREATE TABLE part(id int, at date) PARTITION BY RANGE (YEAR(at)) (PARTITION p0 VALUES LESS THAN (2026), PARTITION p1 VALUES LESS THAN MAXVALUE);
        INSERT INTO part VALUES (1, '2025-05-05'), (2, '2026-05-05');
        CREATE TABLE account(id int PRIMARY KEY, balance int NOT NULL) ; INSERT INTO account SELECT seq, 1000 FROM seq_1_to_100;
        CREATE TABLE transfer(id int PRIMARY KEY AUTO_INCREMENT, amount int);
        """;

    public const string More =
        """
        CREATE TABLE old_myisam(id int, t text) ENGINE=MyISAM; INSERT INTO old_myisam VALUES (1, 'x');
        CREATE TABLE old_aria(id int) ENGINE=Aria; INSERT INTO old_aria VALUES (1),(2);
        CREATE TABLE versioned(x int) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1); UPDATE versioned SET x = 2;
        CREATE SEQUENCE numbers START WITH 4711; DO NEXTVAL(numbers);
        CREATE VIEW dear AS SELECT name, price FROM item WHERE price > 100; CREATE VIEW `dear; er` AS SELECT name AS `it's` FROM dear WHERE name <> 'a''b;';
        CREATE TABLE log(what text);
        DELIMITER ;;
        CREATE TRIGGER watch AFTER INSERT ON parent FOR EACH ROW BEGIN
        INSERT INTO `log` VALUES ('it''s; new'),('(');
        END;;
        CREATE PROCEDURE fill(IN n int) BEGIN
        INSERT INTO `empty` VALUES (1),(2);
        END;;
        CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC RETURN i * 2;;
        CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO BEGIN DELETE FROM log WHERE what = ';'; END;;
        DELIMITER ;
        """;

    // A checksum is not the same for the same rows where a column is virtual: the rows of item have a digest of their own.
    private static readonly string[] Tables =
        ["bytes", "`we;ird ``näme\" ☂`", "empty", "parent", "child", "latin", "part", "old_myisam", "old_aria", "versioned", "log"];

    /// <summary>Makes it, with everything, and a million rows in one table.</summary>
    public static async Task<string> CreateAsync(MariaDbServer server, int rows = Rows)
    {
        var name = await server.CreateDatabaseAsync();
        await server.QueryAsync(Schema + More, name);
        await server.QueryAsync($"INSERT INTO item(name, price, data) SELECT CONCAT('näme ', seq, '🙂'')'), seq / 7, UNHEX(MD5(seq)) FROM seq_1_to_{rows};", name);
        return name;
    }

    /// <summary>Checksums of all rows that nobody changes, and every definition. The database's own name is not in it.</summary>
    public static async Task<string> FingerprintAsync(MariaDbServer server, string database)
    {
        var text = await server.QueryAsync(
            $"""
            CHECKSUM TABLE {string.Join(", ", Tables)} EXTENDED;
            SELECT COUNT(*), SUM(price), SUM(twice), SUM(longer), BIT_XOR(CRC32(CONCAT(id, name, price, HEX(data)))) FROM item;
            SELECT id, MD5(b), MD5(t), LENGTH(b) FROM bytes ORDER BY id;
            SELECT `a b`, HEX(`VALUES (`), z, `when`, ST_AsText(g), e, s, f, y FROM `we;ird ``näme" ☂`;
            SELECT x, row_start, row_end FROM versioned FOR SYSTEM_TIME ALL ORDER BY row_start;
            SELECT COUNT(*) FROM dear; SELECT COUNT(*) FROM `dear; er`; SELECT twice(21);
            SELECT table_name, column_name, column_type, collation_name, is_nullable, column_default, extra, generation_expression FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, ordinal_position;
            SELECT table_name, view_definition, definer FROM information_schema.views WHERE table_schema = DATABASE() ORDER BY 1;
            SELECT routine_name, routine_definition, sql_mode, definer FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1;
            SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1;
            SELECT event_name, event_definition, status, starts FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1;
            SELECT constraint_name, table_name, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE();
            SELECT index_name, table_name, column_name FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 2, 1;
            SELECT table_name, engine, table_type, table_collation FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1;
            SELECT @@character_set_database, @@collation_database;
            """, database);
        return text.Replace(database, "DB", StringComparison.Ordinal);
    }

    /// <summary>What every transaction of <see cref="Writer"/> keeps: the sum of all accounts, and one row for each transfer of one.</summary>
    public static Task<string> InvariantAsync(MariaDbServer server, string database) =>
        server.QueryAsync("SELECT SUM(balance) FROM account; SELECT (SELECT SUM(1000 - balance) FROM account WHERE id = 1) - (SELECT COALESCE(SUM(amount), 0) FROM transfer);", database);

    /// <summary>Transfers money from the first account to others, in transactions, until disposed.</summary>
    public sealed class Writer : IAsyncDisposable
    {
        private readonly RunningProcess _client;
        private readonly Task _writing;

        public Writer(MariaDbServer server, string database)
        {
            _client = RunningProcess.Start(
                new Command("mariadb", "--no-defaults", "--protocol=tcp", "--host=" + server.Address, "--user=root", "--batch", "--database=" + database)
                {
                    Environment = new Dictionary<string, string> { ["MYSQL_PWD"] = MariaDbServer.Password },
                });
            _writing = Task.Run(Write);
        }

        public async ValueTask DisposeAsync()
        {
            _client.Kill();
            await _client.DisposeAsync();
            await _writing;
        }

        private void Write()
        {
            try
            {
                using var input = new StreamWriter(_client.StandardInput);
                for (var i = 0; ; i++)
                    input.Write($"BEGIN; UPDATE account SET balance = balance - 1 WHERE id = 1; UPDATE account SET balance = balance + 1 WHERE id = {2 + (i % 99)}; INSERT INTO transfer(amount) VALUES (1); COMMIT;\n");
            }
            catch (IOException)
            {
                // It was ended, as it was meant to be.
            }
        }
    }
}
