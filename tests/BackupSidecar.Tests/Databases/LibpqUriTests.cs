using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;

namespace BackupSidecar.Tests.Databases;

public sealed class LibpqUriTests
{
    [Theory]
    [InlineData("postgresql://", "postgresql://", null)]
    [InlineData("postgres:///shop", "postgres:///shop", null)]
    [InlineData("postgresql://h/shop", "postgresql://h/shop", null)]
    [InlineData("postgresql://u@h/shop", "postgresql://u@h/shop", null)]
    [InlineData("postgresql://u:secret@h:5433/shop", "postgresql://u@h:5433/shop", "secret")]
    [InlineData("postgresql://:secret@h/shop", "postgresql://@h/shop", "secret")]
    [InlineData("postgresql://u:@h/shop", "postgresql://u@h/shop", "")]
    [InlineData("postgresql://u:a%40b%2F%3A%25@h/shop", "postgresql://u@h/shop", "a@b/:%")]
    [InlineData("postgresql://u:a:b@h/shop", "postgresql://u@h/shop", "a:b")]
    [InlineData("postgresql://u:a?b+c#d@h/shop", "postgresql://u@h/shop", "a?b+c#d")]
    [InlineData("postgresql://u:p@h1:1,h2:2/shop?target_session_attrs=any", "postgresql://u@h1:1,h2:2/shop?target_session_attrs=any", "p")]
    [InlineData("postgresql://u:p@[2001:db8::1]:5432/shop", "postgresql://u@[2001:db8::1]:5432/shop", "p")]
    [InlineData("postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/my%20shop", "postgresql://u@%2Fvar%2Frun%2Fpostgresql/my%20shop", "p")]
    [InlineData("postgresql:///shop?host=/var/run&user=a@b&password=x%26y&sslmode=require", "postgresql:///shop?host=/var/run&user=a@b&sslmode=require", "x&y")]
    [InlineData("postgresql://h/shop?password=x", "postgresql://h/shop", "x")]
    [InlineData("postgresql://h/shop?p%61ssword=x&a=b&", "postgresql://h/shop?a=b&", "x")]
    [InlineData("postgresql://u:first@h/shop?password=last", "postgresql://u@h/shop", "last")]
    [InlineData("postgresql://u:p@h/shop?options=-c%20geqo%3Doff&connect_timeout=3", "postgresql://u@h/shop?options=-c%20geqo%3Doff&connect_timeout=3", "p")]
    public void The_password_goes_and_the_rest_stays_as_it_was_written(string uri, string withoutPassword, string? password)
    {
        var split = LibpqUri.Split(new Secret(uri));

        Assert.Equal(withoutPassword, split.WithoutPassword);
        Assert.Equal(password, split.Password);
    }

    [Theory]
    [InlineData("mysql://u:geheim@h/shop")]
    [InlineData("host=h password=geheim")]
    [InlineData("")]
    [InlineData("postgresql://u:ge/heim@h/shop")]
    [InlineData("postgresql://u:ge@heim@h/shop")]
    [InlineData("postgresql://u:ge/h?eim@h/shop")]
    [InlineData("postgresql://u:geheim%@h/shop")]
    [InlineData("postgresql://u:geheim%4@h/shop")]
    [InlineData("postgresql://u:geheim%zz@h/shop")]
    [InlineData("postgresql://u:geheim%00@h/shop")]
    [InlineData("postgresql://u:geheim%ff@h/shop")]
    [InlineData("postgresql://h/shop?sslpassword=geheim")]
    public void What_could_give_the_password_away_is_refused_without_quoting_it(string uri)
    {
        var failure = Assert.Throws<DatabaseException>(() => LibpqUri.Split(new Secret(uri)));

        Assert.DoesNotContain("heim", failure.Message);
        Assert.StartsWith("The PostgreSQL URI cannot be used: ", failure.Message);
    }

    [Fact]
    public void Generated_passwords_come_out_as_they_went_in()
    {
        var random = new Random(20261120);
        for (var i = 0; i < 5000; i++)
        {
            var password = new string([.. Enumerable.Range(0, random.Next(0, 30)).Select(_ => (char)random.Next(1, 0xd7ff))]);
            var uri = random.Next(2) == 0
                ? $"postgresql://u:{Uri.EscapeDataString(password)}@h/shop?sslmode=prefer"
                : $"postgresql://u@h/shop?password={Uri.EscapeDataString(password)}&sslmode=prefer";

            var split = LibpqUri.Split(new Secret(uri));

            Assert.Equal(password, split.Password);
            Assert.Equal("postgresql://u@h/shop?sslmode=prefer", split.WithoutPassword);
        }
    }

    [Fact]
    public void Generated_text_is_split_or_refused_and_nothing_else()
    {
        var random = new Random(20261121);
        const string alphabet = "ab:/@?&=%,[]#+ 2Fé\n";
        for (var i = 0; i < 20_000; i++)
        {
            var text = "postgresql://" + new string(random.GetItems<char>(alphabet, random.Next(0, 25)));
            try
            {
                var split = LibpqUri.Split(new Secret(text));
                Assert.StartsWith("postgresql://", split.WithoutPassword);
                Assert.True(split.WithoutPassword.Length <= text.Length, text);
            }
            catch (DatabaseException)
            {
                // Refused, which is an answer.
            }
        }
    }
}
