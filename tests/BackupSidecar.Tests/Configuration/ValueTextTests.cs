using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Tests.Configuration;

public sealed class ValueTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("30", 30)]
    [InlineData("30s", 30)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1H30M", 5400)]
    [InlineData("1d2h3m4s", 93_784)]
    [InlineData("90m", 5400)]
    public void A_duration_is_read(string text, long seconds)
    {
        Assert.True(DurationText.TryParse(text, out var value));
        Assert.Equal(seconds, value.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("7 d")]
    [InlineData("1.5h")]
    [InlineData("30m1h")]
    [InlineData("1h30")]
    [InlineData("5min")]
    [InlineData("s")]
    [InlineData("99999999999999999999")]
    [InlineData("999999999d")]
    [InlineData("٣s")]
    [InlineData("5m\n")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Fact]
    public void A_duration_reads_as_it_was_written()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var value = TimeSpan.FromSeconds(random.NextInt64(0, 100_000_000));

            Assert.True(DurationText.TryParse(DurationText.Format(value), out var read));
            Assert.Equal(value, read);
        }
    }

    [Theory]
    [InlineData("1m30s", 90)]
    [InlineData("1.5h", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("2h0.5m", 7230)]
    [InlineData("1d", 86_400)]
    [InlineData("0", 0)]
    public void A_duration_of_programs_in_Go_is_read(string text, double seconds)
    {
        Assert.True(PeriodText.TryParseDuration(text, out var value));
        Assert.Equal(TimeSpan.FromSeconds(seconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5")]
    [InlineData("5 s")]
    [InlineData("-5s")]
    [InlineData("999999999h")]
    public void What_is_none_of_Go_is_refused(string text) => Assert.False(PeriodText.TryParseDuration(text, out _));

    [Theory]
    [InlineData("BACKUP_STOP_WAIT", "7 d")]
    [InlineData("BACKUP_STOP_WAIT", "-1")]
    [InlineData("BACKUP_STOP_WAIT", "2d")]
    [InlineData("BACKUP_HOOK_TIMEOUT", "0")]
    [InlineData("BACKUP_TIMEOUT", "never")]
    public void A_duration_out_of_range_says_what_is_right(string name, string text) =>
        Assert.Contains("is not a length of time from", Said.Enough.With(name, text).Fault().Problem);

    [Theory]
    [InlineData("0", null)]
    [InlineData("90m", 5400)]
    public void No_timeout_is_no_limit(string text, int? seconds) =>
        Assert.Equal(seconds, (int?)Said.Enough.With("BACKUP_TIMEOUT", text).Settings().Timeout?.TotalSeconds);

    [Theory]
    [InlineData("/data", "/data", "data")]
    [InlineData("/data/", "/data", "data")]
    [InlineData("//srv//./app/", "/srv/app", "app")]
    [InlineData("/data:uploads", "/data", "uploads")]
    [InlineData("/data : uploads", "/data", "uploads")]
    [InlineData("/:root", "/", "root")]
    [InlineData("/srv/a,b", "/srv/a,b", "a,b")]
    [InlineData("/srv/…", "/srv/…", "…")]
    public void A_path_has_a_name(string text, string path, string name)
    {
        Assert.True(PathText.TryParseNamed(text, out var entry, out _));
        Assert.Equal(new NamedPath(path, name) { IsNamed = text.Contains(':', StringComparison.Ordinal) }, entry);
    }

    [Theory]
    [InlineData("data")]
    [InlineData(":name")]
    [InlineData("/")]
    [InlineData("/data:")]
    [InlineData("/data:a/b")]
    [InlineData("/data:.")]
    [InlineData("/data:..")]
    [InlineData("/data:a:b")]
    [InlineData("/data:a\tb")]
    [InlineData("/da\0ta")]
    [InlineData("/data:manifest.json")]
    [InlineData("/data/RESTORE.txt")]
    [InlineData("/data:.backup-sidecar-x")]
    [InlineData("/data/../etc:x")]
    public void A_name_that_the_archive_cannot_have_is_refused(string text) =>
        Assert.False(PathText.TryParseNamed(text, out _, out var problem), problem);

    [Fact]
    public void A_name_is_at_most_200_bytes_long()
    {
        Assert.True(PathText.TryParseNamed("/x:" + new string('é', 100), out _, out _));
        Assert.False(PathText.TryParseNamed("/x:" + new string('é', 101), out _, out _));
    }

    [Theory]
    [InlineData("/a:x,/b:y")]
    [InlineData("/a:x;/b:y")]
    [InlineData(" /a:x \n\n# a comment\n  /b:y\n")]
    [InlineData("/a:x,\r\n/b:y,\r\n")]
    [InlineData(",/a:x,,/b:y,")]
    [InlineData("/a:x,#/c:z\n/b:y")]
    [InlineData("/a:x\n# /c:z, /d:z\n/b:y")]
    public void Paths_are_separated_by_whatever_people_use(string list) => Assert.Equal(["/a:x", "/b:y"], ListText.Paths(list));

    [Theory]
    [InlineData("postgres://a/x,postgresql://b/y")]
    [InlineData("postgres://a/x ; postgresql://b/y;")]
    [InlineData("\npostgres://a/x\n# postgres://c/z\n\n postgresql://b/y \n")]
    [InlineData("postgres://a/x,\r\npostgresql://b/y,\r\n")]
    [InlineData("postgres://a/x;#postgres://c/z;postgresql://b/y")]
    public void Uris_are_separated_by_whatever_people_use(string list) =>
        Assert.Equal(["postgres://a/x", "postgresql://b/y"], ListText.Uris(list));

    [Theory]
    [InlineData("a b,c")]
    [InlineData("a\n# b and c, for later\nb;c")]
    public void Names_are_separated_by_whatever_people_use(string list) => Assert.Equal(["a", "b", "c"], ListText.Names(list));

    [Fact]
    public void A_line_that_is_a_comment_is_one_to_its_end() =>
        Assert.Equal(["postgres://a/x"], ListText.Uris("# postgres://b/y, postgres://c/z\npostgres://a/x"));

    [Fact]
    public void Commas_between_hosts_do_not_separate() =>
        Assert.Equal(
            ["mongodb://u:p;w@a:1,b:2,c:3/shop?w=1", "mongodb+srv://d/x"],
            ListText.Uris("mongodb://u:p;w@a:1,b:2,c:3/shop?w=1,mongodb+srv://d/x"));

    [Theory]
    [InlineData("apple", "apples")]
    [InlineData("PEAR", "pear")]
    [InlineData("zucchini", null)]
    public void What_resembles_is_suggested(string text, string? expected) => Assert.Equal(expected, Nearest.To(text, ["apples", "pear"]));

    [Fact]
    public void What_is_shown_of_a_value_stays_on_its_line() => Assert.Equal("'a\\u000ab\\u001b[2J'", Shown.Quote("a\nb\u001b[2J"));
}
