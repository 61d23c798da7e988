using System.Text;
using BackupSidecar.Databases.PostgreSql;

namespace BackupSidecar.Tests.Databases;

public sealed class SqlTests
{
    [Fact]
    public void A_script_is_parted_where_its_statements_end()
    {
        const string Script =
            """
            -- a comment; with GRANT x TO y;
            \connect shop
            CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ SELECT ';' || $1 || '$_' ; ALTER TABLE x OWNER TO y; $_$;
            CREATE FUNCTION g(integer) RETURNS integer LANGUAGE sql RETURN $1;
            COMMENT ON TABLE t IS 'it''s; -- here';
            COMMENT ON TABLE t IS E'it\'s; \\';
            ALTER TABLE "a;b""c" OWNER TO "O;""o"; -- after it
            SELECT 1
            """;
        var bytes = Encoding.UTF8.GetBytes(Script + "\n;\n");
        foreach (var size in new[] { 1, 3, 1000 })
        {
            var found = new List<string>();
            var splitter = new SqlSplitter(statement => found.Add(statement.Text));
            foreach (var chunk in bytes.Chunk(size))
                splitter.Take(chunk);

            Assert.Equal(
                [
                    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ SELECT ';' || $1 || '$_' ; ALTER TABLE x OWNER TO y; $_$",
                    "CREATE FUNCTION g(integer) RETURNS integer LANGUAGE sql RETURN $1",
                    "COMMENT ON TABLE t IS 'it''s; -- here'",
                    @"COMMENT ON TABLE t IS E'it\'s; \\'",
                    "ALTER TABLE \"a;b\"\"c\" OWNER TO \"O;\"\"o\"",
                    "SELECT 1",
                ],
                found);
        }
    }

    [Theory]
    [InlineData("ALTER TABLE public.t OWNER TO \"O\"\"o\"", "O\"o")]
    [InlineData("ALTER FUNCTION public.f(text) OWNER TO app", "app")]
    [InlineData("GRANT SELECT(a) ON TABLE public.t TO reader WITH GRANT OPTION", "reader")]
    [InlineData("GRANT SELECT ON TABLE public.\"TO\" TO PUBLIC", "")]
    [InlineData("REVOKE ALL ON SCHEMA public FROM app", "app")]
    [InlineData("ALTER DEFAULT PRIVILEGES FOR ROLE one IN SCHEMA s GRANT SELECT ON TABLES  TO two", "two,one")]
    [InlineData("CREATE POLICY p ON public.t AS RESTRICTIVE FOR SELECT TO one, PUBLIC, \"two three\" USING ((x = 'TO four'::text))", "one,two three")]
    [InlineData("CREATE POLICY p ON public.t USING (true)", "")]
    [InlineData("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ALTER TABLE x OWNER TO y$$", "")]
    [InlineData("CREATE USER MAPPING FOR app SERVER s", "app")]
    [InlineData("SELECT 'GRANT x TO y'", "")]
    public void The_roles_that_a_statement_needs_are_found(string statement, string roles) =>
        Assert.Equal(roles, string.Join(',', SqlRoles.In(new SqlStatement(statement))));

    [Theory]
    [InlineData("log*", "public", "logs", true)]
    [InlineData("LOG?", "public", "logs", true)]
    [InlineData("log", "public", "logs", false)]
    [InlineData("shop.*", "shop", "x", true)]
    [InlineData("shop.*", "public", "x", false)]
    [InlineData("\"Shop\".\"a.b\"\"*\"", "Shop", "a.b\"*", true)]
    [InlineData("\"Shop\".\"a.b\"\"*\"", "shop", "a.b\"x", false)]
    [InlineData("a(b", "public", "a(b", true)]
    public void A_pattern_names_tables_as_pg_dump_reads_it(string pattern, string schema, string table, bool matches) =>
        Assert.Equal(matches, SqlText.Matches(pattern, schema, table));

    [Fact]
    public void Of_the_globals_only_what_is_missing_is_made()
    {
        var script = new GlobalsScript();
        script.Take(
            """
            CREATE ROLE admin;
            ALTER ROLE admin WITH SUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:a==$b=:c;=';
            CREATE ROLE "app;1";
            ALTER ROLE "app;1" WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM';
            ALTER ROLE "app;1" SET search_path TO 'shop';
            COMMENT ON ROLE "app;1" IS 'mine';
            GRANT admin TO "app;1" GRANTED BY admin;
            GRANT pg_monitor TO admin GRANTED BY admin;
            GRANT SET ON PARAMETER work_mem TO "app;1";
            CREATE TABLESPACE fast OWNER admin LOCATION '/fast';
            CREATE TABLESPACE slow OWNER admin LOCATION '/slow';
            GRANT ALL ON TABLESPACE slow TO admin;

            """u8);

        Assert.Equal(["admin", "app;1"], script.Roles);
        Assert.Equal(["fast", "slow"], script.Tablespaces);
        Assert.Equal(
            ["CREATE ROLE", "ALTER ROLE", "ALTER ROLE", "COMMENT ON", "GRANT admin", "GRANT SET"],
            script.ForMissingRoles(new HashSet<string> { "admin", "pg_monitor" }).Select(statement => string.Join(' ', statement.Split(' ').Take(2))));
        Assert.Equal(
            ["CREATE TABLESPACE slow OWNER admin LOCATION '/slow'", "GRANT ALL ON TABLESPACE slow TO admin"],
            script.ForMissingTablespaces(new HashSet<string> { "fast", "pg_default" }));
    }

    /// <summary>Each ends in what the server or psql would take for more than the statement that it begins as.</summary>
    [Theory]
    [InlineData("CREATE ROLE evil \\! touch canary\n;")]
    [InlineData("CREATE ROLE evil \\g | touch canary\n;")]
    [InlineData("CREATE ROLE evil PASSWORD `touch canary`;")]
    [InlineData("CREATE ROLE evil PASSWORD :'canary';")]
    [InlineData("CREATE ROLE evil /* ' */; COPY t TO PROGRAM 'touch canary' -- ';\n;")]
    [InlineData("CREATE ROLE evil PASSWORD $$a; COPY t TO PROGRAM 'touch canary'; $$;")]
    [InlineData("ALTER ROLE evil SET a TO \u20acE'\\'; COPY t TO PROGRAM $$touch canary$$; --';")]
    [InlineData("ALTER ROLE evil SET a TO E'b'\n'\\' , '; COPY t TO PROGRAM $$touch canary$$; --';")]
    [InlineData("ALTER ROLE evil SET a TO U&'b' UESCAPE '!';")]
    [InlineData("ALTER ROLE evil SET a TO N'b';")]
    [InlineData("ALTER ROLE x\u00a0E'\\'; COPY t TO PROGRAM $$touch canary$$; --';")]
    [InlineData("COMMENT ON ROLE evil IS 'a' || pg_read_file('/etc/passwd');")]
    [InlineData("CREATE TABLESPACE evil LOCATION '/a' -- \n\\! touch canary\n;")]
    [InlineData("GRANT admin TO evil \\! touch canary\n;")]
    public void Globals_that_are_not_written_as_pg_dumpall_writes_are_odd(string text)
    {
        var script = Globals(text);

        Assert.NotNull(script.Odd);
        Assert.Empty(script.ForMissingRoles(new HashSet<string>()));
        Assert.Empty(script.ForMissingTablespaces(new HashSet<string>()));
    }

    [Theory]
    [InlineData("\\! touch canary\n")]
    [InlineData("\\restrict `touch canary`\n\\unrestrict `touch canary`\n")]
    [InlineData("-- Role: evil\n\\! touch canary\n")]
    [InlineData("COPY t TO PROGRAM 'touch canary';")]
    [InlineData("COPY (SELECT 1 FROM a JOIN b ON ROLE IS NOT NULL) TO PROGRAM 'touch canary';")]
    [InlineData("COPY (SELECT 1 FROM a JOIN b ON TABLESPACE IS NOT NULL) TO PROGRAM 'touch canary';")]
    [InlineData("DO $$BEGIN EXECUTE 'CREATE ROLE evil'; END$$;")]
    [InlineData("create role evil superuser;")]
    public void Of_globals_nothing_is_run_but_what_pg_dumpall_writes(string text)
    {
        var script = Globals(text + "\nCREATE ROLE good;\n");

        Assert.Null(script.Odd);
        Assert.Equal(["CREATE ROLE good"], script.ForMissingRoles(new HashSet<string>()));
        Assert.Empty(script.ForMissingTablespaces(new HashSet<string>()));
    }

    [Theory]
    [InlineData("CREATE ROLE \"a \\! touch b; `c` :d /* \"\"e\"")]
    [InlineData("ALTER ROLE app WITH NOSUPERUSER LOGIN CONNECTION LIMIT 5 PASSWORD 'SCRAM-SHA-256$4096:a==$b=:c;=' VALID UNTIL '2030-01-01 00:00:00+00'")]
    [InlineData("ALTER ROLE app SET search_path TO '\"$user\"', 'public'")]
    [InlineData("ALTER ROLE app SET \"my.setting\" TO E'a\\\\!b\\'c'")]
    [InlineData("COMMENT ON ROLE \"größe\" IS 'it''s a\n-- comment; \\! touch canary'")]
    [InlineData("SECURITY LABEL FOR selinux ON ROLE app IS 'a:b'")]
    [InlineData("GRANT a TO b WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres")]
    [InlineData("GRANT ALTER SYSTEM ON PARAMETER my.setting TO app")]
    [InlineData("ALTER TABLESPACE fast SET (random_page_cost='1.1', effective_io_concurrency=7)")]
    public void Whatever_names_and_texts_hold_they_are_one_statement(string text) => Assert.True(new SqlStatement(text).IsPlain);

    private static GlobalsScript Globals(string text)
    {
        var script = new GlobalsScript();
        script.Take(Encoding.UTF8.GetBytes(text));
        return script;
    }
}
