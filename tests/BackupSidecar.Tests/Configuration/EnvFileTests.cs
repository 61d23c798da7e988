using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Tests.Configuration;

public sealed class EnvFileTests
{
    [Theory]
    [InlineData("A=b")]
    [InlineData("A=b\n")]
    [InlineData("A=b\r\n")]
    [InlineData("\uFEFFA=b\n")]
    [InlineData("export A=b\n")]
    [InlineData("  A = b  \n")]
    [InlineData("# a comment\n\nA=b # another\n")]
    [InlineData("A=\"b\"\n")]
    [InlineData("A='b'\n")]
    public void A_line_gives_a_value(string text) => Assert.Equal("b", Value(text));

    [Theory]
    [InlineData("A=pa$word", "pa$word")]
    [InlineData("A=pa$HOME", "pa$HOME")]
    [InlineData("A=${HOME}", "${HOME}")]
    [InlineData("A=\"x $HOME y\"", "x $HOME y")]
    [InlineData("A='x $HOME y'", "x $HOME y")]
    [InlineData("A=$(id)`id`", "$(id)`id`")]
    [InlineData("A=pa#word", "pa#word")]
    [InlineData("A=pa #word", "pa")]
    [InlineData("A=\"pa #word\"", "pa #word")]
    [InlineData("A=it is!%^&*()<>|;,:@=+", "it is!%^&*()<>|;,:@=+")]
    [InlineData("A=back\\slash\\n", "back\\slash\\n")]
    [InlineData("A=\"one\\ntwo\"", "one\ntwo")]
    [InlineData("A=\"one\ntwo\"\nB=c", "one\ntwo")]
    [InlineData("A='one\r\ntwo'\r\nB=c", "one\r\ntwo")]
    [InlineData("A=\"say \\\"hi\\\"\"", "say \"hi\"")]
    [InlineData("A='\"'", "\"")]
    [InlineData("A=", "")]
    [InlineData("A=\"\"", "")]
    [InlineData("A=\uE000$x", "\uE000$x")]
    public void A_value_is_what_stands_there(string text, string expected) => Assert.Equal(expected, Value(text));

    [Theory]
    [InlineData("B=c\nno value\n", "line 2")]
    [InlineData("\n\n\nB=c\nA=it's\n", "line 5")]
    [InlineData("A='a' b\n", "line 1")]
    [InlineData("A: b\n", "line 1")]
    [InlineData("1A=b\n", "line 1")]
    [InlineData("B=c\nA=\"never\nC=d\n", "line 2 is never closed")]
    [InlineData("B='c\nd'\n  export A = 'it\nC=\"d\"\n", "line 3 is never closed")]
    [InlineData("A=b\0c\n", "characters")]
    public void A_line_that_cannot_be_read_is_named(string text, string expected)
    {
        var file = EnvFile.Parse(text);

        Assert.Contains(expected, file.Problem);
        Assert.Empty(file.Entries);
    }

    [Fact]
    public void A_problem_quotes_no_value() =>
        Assert.DoesNotContain("hunter", EnvFile.Parse("BACKUP_ENCRYPTION_KEY=hunter'22\n").Problem);

    [Fact]
    public void A_very_long_line_is_read() => Assert.Equal(1_000_000, Value("A=" + new string('x', 1_000_000)).Length);

    private static string Value(string text)
    {
        var file = EnvFile.Parse(text);
        Assert.Null(file.Problem);
        return file.Entries.First(entry => entry.Key == "A").Value;
    }
}
