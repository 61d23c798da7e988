namespace BackupSidecar.Bench.Content;

/// <summary>Text that machines write: dumps of databases, events and logs.</summary>
internal static class Records
{
    private static readonly string[] States = ["paid", "shipped", "delivered", "cancelled", "open", "returned"];
    private static readonly string[] Events = ["page_view", "add_to_cart", "checkout", "search", "login", "logout", "signup"];
    private static readonly string[] Agents = ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/7.88.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"];

    /// <summary>As pg_dump writes a table in plain text.</summary>
    public static void Copy(AsciiText text, Noise noise)
    {
        text.Add("COPY public.orders (id, customer_id, created_at, state, total, email, note) FROM stdin;\n");
        for (long id = 1, time = 0; !text.IsFull(); id++, time += noise.Below(40))
        {
            text.Add(id).Add("\t").Add(noise.Below(90_000)).Add("\t").Time(time, " ").Add(".").Add(noise.Below(1_000_000), 6).Add("+00\t");
            text.Add(noise.Pick(States)).Add("\t").Add(noise.Skewed(900)).Add(".").Add(noise.Below(20) * 5, 2).Add("\t");
            text.Add(Words.Common(noise, 800)).Add(".").Add(Words.Common(noise, 2500)).Add("@example.org\t");
            text.Sentence(noise, noise.Below(4) == 0 ? 4 + noise.Below(30) : 0).Add("\n");
        }
    }

    /// <summary>As mysqldump writes a table.</summary>
    public static void Insert(AsciiText text, Noise noise)
    {
        for (var id = 1; !text.IsFull(); id++)
        {
            text.Add("INSERT INTO `article` VALUES (").Add(id).Add(",'").Add(Words.Common(noise, 3000)).Add("-").Add(Words.Common(noise, 3000));
            text.Add("','").Sentence(noise, 3 + noise.Below(5)).Add("','<p>").Sentence(noise, 20 + noise.Below(30)).Add("</p>',");
            text.Add(noise.Below(500)).Add(",'").Time(id * 97L, " ").Add("',1,NULL,'en_GB');\n");
        }
    }

    /// <summary>One JSON object per line.</summary>
    public static void Json(AsciiText text, Noise noise)
    {
        for (long time = 0; !text.IsFull(); time += noise.Below(3))
        {
            text.Add("{\"id\":\"").Hex(noise.Next(), 16).Add("\",\"time\":\"").Time(time, "T").Add("Z\",\"event\":\"").Add(noise.Pick(Events));
            text.Add("\",\"user\":{\"id\":").Add(noise.Skewed(200_000)).Add(",\"name\":\"").Add(Words.Common(noise, 800)).Add("\",\"country\":\"");
            text.Add(Words.Common(noise, 30)).Add("\"},\"page\":\"/").Add(Words.Common(noise, 60)).Add("/").Add(Words.Any(noise));
            text.Add("\",\"properties\":{\"query\":\"").Sentence(noise, 1 + noise.Below(4)).Add("\",\"duration_ms\":").Add(noise.Skewed(9000));
            text.Add(",\"position\":[").Add(noise.Below(1920)).Add(",").Add(noise.Below(1080)).Add("]},\"session\":\"").Hex(noise.Next(), 16).Add("\"}\n");
        }
    }

    /// <summary>As a web server logs its requests.</summary>
    public static void Log(AsciiText text, Noise noise)
    {
        for (long time = 0; !text.IsFull(); time += noise.Below(2))
        {
            var client = (ulong)noise.Skewed(4000) * 0x9E3779B1;
            text.Add("10.").Add((long)(client & 0xff)).Add(".").Add((long)((client >> 8) & 0xff)).Add(".").Add((long)((client >> 16) & 0xff));
            text.Add(" - - [").Time(time, " ").Add("] \"GET /").Add(Words.Common(noise, 40)).Add("/").Add(Words.Any(noise)).Add(".html HTTP/1.1\" ");
            text.Add(noise.Below(12) == 0 ? "404 " : "200 ").Add(noise.Skewed(90_000)).Add(" \"https://example.org/").Add(Words.Common(noise, 60));
            text.Add("\" \"").Add(Agents[noise.Skewed(Agents.Length)]).Add("\" ").Add(noise.Below(1_000_000), 6).Add("\n");
        }
    }
}
