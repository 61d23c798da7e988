using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Databases;

/// <summary>A database with everything awkward that PostgreSQL can hold, a million rows, and accounts between which money moves all the time.</summary>
internal static class GoldenPostgres
{
    public const string Database = "Gölden \"shop\".1";

    /// <summary>No transaction changes it: what all accounts have, and by how much any of them differs from its movements.</summary>
    public const string Invariant =
        """
        SELECT (SELECT sum(balance) FROM bank.account), (SELECT count(*) FROM bank.account a WHERE balance <> 1000
          + coalesce((SELECT sum(amount) FROM bank.movement WHERE receiver = a.id), 0) - coalesce((SELECT sum(amount) FROM bank.movement WHERE giver = a.id), 0));
        """;

    public const string InvariantHolds = "200000|0";

    /// <summary>Rows and their digest, of every table and view that stands still, of sequences and large objects.</summary>
    public const string Digest =
        """
        SELECT n.nspname, c.relname, c.relkind,
          (xpath('/row/d/text()', query_to_xml(format('SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS d FROM %I.%I t', n.nspname, c.relname), true, true, '')))[1]
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'bank') AND c.relkind IN ('r', 'p', 'v', 'm')
        ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C";
        SELECT loid, md5(string_agg(data, '' ORDER BY pageno)) FROM pg_largeobject GROUP BY loid ORDER BY loid;
        SELECT shop.twice(21), shop.latest(VARIADIC '{1,2,3}'); SELECT extname FROM pg_extension ORDER BY extname; SELECT sequencename, last_value FROM pg_sequences ORDER BY 1;
        """;

    private const string Schema =
        """"
        CREATE ROLE owner_of_shop; CREATE ROLE "Reader, of ""all"""; CREATE ROLE manager;
        CREATE SCHEMA shop AUTHORIZATION owner_of_shop; CREATE SCHEMA "we;ird ""näme😀.x";
        CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm SCHEMA shop;
        CREATE TYPE shop.state AS ENUM ('new', 'it''s paid', 'öffen'); CREATE DOMAIN shop.positive AS numeric(10,2) CHECK (VALUE > 0);
        CREATE TYPE shop.pair AS (a int, b text); CREATE SEQUENCE shop.odd INCREMENT 2 START 7; SELECT nextval('shop.odd');
        CREATE FUNCTION shop.twice(i int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT $1 * 2; END;
        CREATE FUNCTION shop.latest(VARIADIC v int[]) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN -- ALTER TABLE x OWNER TO nobody;
          RETURN v[array_length(v, 1)]; END $f$;
        CREATE TABLE shop.item(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, price shop.positive, state shop.state DEFAULT 'new',
          total numeric GENERATED ALWAYS AS (price * 2) STORED, tags text[], doc jsonb, data bytea, extra hstore, pair shop.pair, at timestamptz DEFAULT '2026-01-01', span int4range, net inet, nothing text);
        INSERT INTO shop.item(name, price, state, tags, doc, data, extra, pair, span, net)
          SELECT 'näme 😀 ' || g, 1 + g / 7.0, 'öffen', ARRAY['a,b', NULL, E'\t\\.\n', '😀'], jsonb_build_object('k', g, 'n', NULL), decode(repeat(md5(g::text), 4), 'hex'),
            hstore('k', g::text), ROW(g, E'x\ny'::text)::shop.pair, int4range(g, g + 5), '10.0.0.1' FROM generate_series(1, 20000) g;
        CREATE TABLE shop.million(id bigint PRIMARY KEY, t text, f double precision); INSERT INTO shop.million SELECT g, md5(g::text), sqrt(g) FROM generate_series(1, 1000000) g;
        CREATE INDEX "an index.with a dot" ON shop.item USING gin (name shop.gin_trgm_ops); CREATE UNIQUE INDEX ON shop.item((lower(name))) WHERE id < 100;
        CREATE TABLE shop.log(what text); CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.log VALUES (TG_OP); RETURN NULL; END $$;
        CREATE TRIGGER noted AFTER INSERT ON shop.item FOR EACH STATEMENT EXECUTE FUNCTION shop.note();
        CREATE TABLE "we;ird ""näme😀.x"."t $1.é 😀"("col ""1"".x" int[], "SELECT" jsonb, c text); INSERT INTO "we;ird ""näme😀.x"."t $1.é 😀" VALUES ('{1,NULL}', '{"k": [1]}', E'tab\t\\.\nline');
        CREATE TABLE "we;ird ""näme😀.x"."line
        break FROM stdin;"(a int); INSERT INTO "we;ird ""näme😀.x"."line
        break FROM stdin;" VALUES (1), (NULL);
        CREATE TABLE shop.empty(a int); CREATE TABLE shop.bare(); INSERT INTO shop.bare DEFAULT VALUES;
        CREATE TABLE shop.part(id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE shop.part_2026 PARTITION OF shop.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); CREATE TABLE shop.part_rest PARTITION OF shop.part DEFAULT;
        INSERT INTO shop.part SELECT g, '2025-12-01'::date + g FROM generate_series(1, 100) g;
        CREATE TABLE shop.sold(item int REFERENCES shop.item, parent int, id int PRIMARY KEY); ALTER TABLE shop.sold ADD FOREIGN KEY (parent) REFERENCES shop.sold; INSERT INTO shop.sold VALUES (1, 2, 1), (2, 1, 2);
        CREATE VIEW shop.expensive WITH (security_barrier) AS SELECT id, name FROM shop.item WHERE price > 1000; CREATE MATERIALIZED VIEW shop.counted AS SELECT count(*) AS items FROM shop.item;
        CREATE RULE keep AS ON DELETE TO shop.log DO INSTEAD NOTHING;
        ALTER TABLE shop.sold ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON shop.sold FOR SELECT TO manager, "Reader, of ""all""" USING (item > 0);
        ALTER TABLE shop.item OWNER TO owner_of_shop; GRANT SELECT (id, name), UPDATE (price) ON shop.item TO "Reader, of ""all"""; GRANT USAGE ON SCHEMA shop TO manager WITH GRANT OPTION;
        ALTER DEFAULT PRIVILEGES FOR ROLE owner_of_shop IN SCHEMA shop GRANT SELECT ON TABLES TO manager; REVOKE ALL ON FUNCTION shop.twice(int) FROM PUBLIC;
        COMMENT ON TABLE shop.item IS E'it''s \\ "quoted"; -- no comment';
        SELECT lo_from_bytea(4711, decode(repeat('00ff0a', 50000), 'hex')), lo_from_bytea(4712, ''); ALTER LARGE OBJECT 4711 OWNER TO manager;
        CREATE SCHEMA bank; CREATE TABLE bank.account(id int PRIMARY KEY, balance int NOT NULL); INSERT INTO bank.account SELECT g, 1000 FROM generate_series(1, 200) g;
        CREATE TABLE bank.movement(giver int, receiver int, amount int);
        CREATE PROCEDURE bank.work() LANGUAGE plpgsql AS $$
        DECLARE g int; r int; m int;
        BEGIN
          LOOP
            g := 1 + floor(random() * 200); r := 1 + floor(random() * 200); m := floor(random() * 10);
            UPDATE bank.account SET balance = balance - m WHERE id = g; INSERT INTO bank.movement VALUES (g, r, m); UPDATE bank.account SET balance = balance + m WHERE id = r;
            COMMIT;
          END LOOP;
        END $$;
        """";

    public static async Task CreateAsync(PostgresServer server)
    {
        await server.QueryAsync("postgres", $"CREATE DATABASE {Quoted};");
        await server.QueryAsync(Database, Schema);
    }

    public static string Quoted => $"\"{Database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Moves money until it is disposed.</summary>
    public static async Task<RunningProcess> WorkAsync(PostgresServer server)
    {
        var uri = server.Uri(Uri.EscapeDataString(Database)).Reveal();
        var work = RunningProcess.Start(new Command("psql", "-Xq", uri, "--command=CALL bank.work()"));
        while (await server.QueryAsync(Database, "SELECT count(*) > 100 FROM bank.movement;") != "t")
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        return work;
    }
}
