using System.Text;
using BackupSidecar.Databases.PostgreSql;

namespace BackupSidecar.Tests.Databases;

public sealed class CopyCounterTests
{
    private const string Script =
        """
        --
        -- PostgreSQL database dump
        --
        \restrict abc
        SET client_encoding = 'UTF8';
        COPY public.item (id, name) FROM stdin;
        1	one
        2	\\.
        3	\.x
        4	COPY public.other (a) FROM stdin;

        \.

        COPY "we;ird ""name"."t $1 FROM
        stdin;" (a) FROM stdin;
        \N
        \.
        COPY shop.empty (a) FROM stdin;
        \.
        COPY shop.bare  FROM stdin;


        \.
        SELECT pg_catalog.setval('shop.item_id_seq', 123456, true);

        """;

    [Fact]
    public void Rows_are_counted_whatever_they_hold_and_however_the_script_arrives()
    {
        var bytes = Encoding.UTF8.GetBytes(Script);
        for (var size = 1; size < bytes.Length; size = size < 40 ? size + 1 : size * 2)
        {
            var counter = new CopyCounter();
            foreach (var chunk in bytes.Chunk(size))
                counter.Take(chunk);

            Assert.Equal(
                [("public.item", 5L), ("\"we;ird \"\"name\".\"t $1 FROM\nstdin;\"", 1L), ("shop.empty", 0L), ("shop.bare", 2L)],
                counter.Counts.Select(count => (count.Key, count.Value)));
        }
    }

    [Fact]
    public void A_table_whose_data_does_not_end_is_not_counted()
    {
        var counter = new CopyCounter();

        counter.Take("COPY public.item (id) FROM stdin;\n1\n2\n"u8);

        Assert.Empty(counter.Counts);
    }

    [Fact]
    public void Names_that_are_not_UTF8_are_read_all_the_same()
    {
        var counter = new CopyCounter();

        counter.Take(Encoding.Latin1.GetBytes("COPY public.täfel (id) FROM stdin;\n1\n\\.\n"));

        Assert.Equal("public.täfel", Assert.Single(counter.Counts).Key);
    }
}
