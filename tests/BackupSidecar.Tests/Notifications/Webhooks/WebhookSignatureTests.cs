using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using BackupSidecar.Configuration;
using BackupSidecar.Notifications.Webhooks;

namespace BackupSidecar.Tests.Notifications.Webhooks;

/// <summary>The vectors that the documentation publishes, verified here and by what others have at hand.</summary>
public sealed class WebhookSignatureTests
{
    /// <summary>Asks the published function about each vector: as it is, with another body, and when it has become old.</summary>
    private const string AskPython = """
        import json, sys
        for v in json.load(sys.stdin):
            now = v["timestamp"] + 299
            time.time = lambda: now
            headers = {"Webhook-Id": v["id"], "Webhook-Timestamp": str(v["timestamp"]), "Webhook-Signature": v["Webhook-Signature"]}
            secret, body = v["secret"].encode(), v["body"].encode()
            answers = [is_ours(secret, headers, body), is_ours(secret, headers, body + b" "), is_ours(b"x" + secret, headers, body)]
            now += 2
            answers.append(is_ours(secret, headers, body))
            print(hmac.new(secret, body, hashlib.sha256).hexdigest() == v["X-LabelBackup-Signature-SHA256"], *answers)
        """;

    private const string AskPerl = """
        use JSON::PP; use Encode;
        local $/; my $vectors = decode_json(<STDIN>);
        sub said { $_[0] ? "True" : "False" }
        for my $v (@$vectors) {
          $main::now = $v->{timestamp} + 299;
          my %headers = ("Webhook-Id" => $v->{id}, "Webhook-Timestamp" => $v->{timestamp}, "Webhook-Signature" => $v->{"Webhook-Signature"});
          my ($secret, $body) = (encode_utf8($v->{secret}), encode_utf8($v->{body}));
          my @answers = (is_ours($secret, \%headers, $body), is_ours($secret, \%headers, "$body "), is_ours("x$secret", \%headers, $body));
          $main::now += 2;
          push @answers, is_ours($secret, \%headers, $body);
          print join(" ", map { said($_) } Digest::SHA::hmac_sha256_hex($body, $secret) eq $v->{"X-LabelBackup-Signature-SHA256"}, @answers), "\n";
        }
        """;

    private const string PerlClock = "our $now; BEGIN { *CORE::GLOBAL::time = sub () { $main::now } }\n";

    [Fact]
    public void The_published_vectors_are_ours()
    {
        using var vectors = JsonDocument.Parse(Published("json"));

        Assert.Equal(Expected(), string.Concat(vectors.RootElement.EnumerateArray().Select(Signed)));
    }

    /// <summary>Both samples take secrets as they stand, and those of Standard Webhooks.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("python", "python3", "-c", "", AskPython)]
    [InlineData("perl", "perl", "-e", PerlClock, AskPerl)]
    public async Task The_published_samples_know_what_is_ours(string language, string interpreter, string option, string before, string after)
    {
        using var process = Process.Start(new ProcessStartInfo(interpreter, [option, $"{before}{Published(language)}\n{after}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            UseShellExecute = false,
        })!; // UseShellExecute is off, so there is a process.
        await process.StandardInput.WriteAsync(Published("json"));
        process.StandardInput.Close();

        var answers = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        using var vectors = JsonDocument.Parse(Published("json"));
        Assert.Equal(string.Concat(Enumerable.Repeat("True True False False False\n", vectors.RootElement.GetArrayLength())), answers);
    }

    private static string Signed(JsonElement vector)
    {
        var secret = new Secret(vector.GetProperty("secret").GetString()!); // All vectors have all members.
        var body = Encoding.UTF8.GetBytes(vector.GetProperty("body").GetString()!);
        var time = DateTimeOffset.FromUnixTimeSeconds(vector.GetProperty("timestamp").GetInt64());
        return $"{WebhookSignature.OfBody(secret, body)} {WebhookSignature.Standard(secret, vector.GetProperty("id").GetString()!, time, body)}\n";
    }

    private static string Expected()
    {
        using var vectors = JsonDocument.Parse(Published("json"));
        return string.Concat(vectors.RootElement.EnumerateArray()
            .Select(vector => $"{vector.GetProperty("X-LabelBackup-Signature-SHA256")} {vector.GetProperty("Webhook-Signature")}\n"));
    }

    private static string Published(string language)
    {
        var page = File.ReadAllText(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../../docs/webhooks.md")));
        var fence = $"```{language}\n";
        var start = page.IndexOf(fence, StringComparison.Ordinal) + fence.Length;
        return page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
