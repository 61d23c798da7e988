using System.Text;
using BackupSidecar.Notifications;

namespace BackupSidecar.Tests.Notifications;

public sealed class PingBodyTests
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [Fact]
    public void A_text_that_fits_is_sent_as_it_is() => Assert.Equal("größer"u8.ToArray(), PingBody.Fit("größer", 8));

    [Fact]
    public void A_longer_text_keeps_its_beginning_and_says_that_it_was_cut() =>
        Assert.Equal("Headline\n… truncated …", Encoding.UTF8.GetString(PingBody.Fit("Headline" + new string('x', 100), 26)));

    [Fact]
    public void Whatever_the_text_and_the_limit_the_bytes_fit_and_are_whole_characters()
    {
        string[] letters = ["a", "ß", "€", "𝄞", "\n"];
        var random = new Random(20261120);

        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => letters[random.Next(letters.Length)]));
            var limit = random.Next(-1, 120);

            var bytes = PingBody.Fit(text, limit);

            Assert.True(bytes.Length <= Math.Max(0, limit));
            var sent = Strict.GetString(bytes);
            Assert.StartsWith(sent.Replace("\n… truncated …", "", StringComparison.Ordinal), text, StringComparison.Ordinal);
        }
    }
}
