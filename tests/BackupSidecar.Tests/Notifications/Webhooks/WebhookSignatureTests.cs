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
    private const string InPython = """
        import base64, hashlib, hmac, json, sys
        for v in json.load(sys.stdin):
            secret, body = v["secret"].encode(), v["body"].encode()
            key = base64.b64decode(secret[6:]) if secret.startswith(b"whsec_") else secret
            signed = f'{v["id"]}.{v["timestamp"]}.'.encode() + body
            print(hmac.new(secret, body, hashlib.sha256).hexdigest(), "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode())
        """;

    private const string InPerl = """
        use Digest::SHA qw(hmac_sha256 hmac_sha256_hex); use JSON::PP; use MIME::Base64; use Encode;
        local $/; my $vectors = decode_json(<STDIN>);
        for my $v (@$vectors) {
          my ($secret, $body) = (encode_utf8($v->{secret}), encode_utf8($v->{body}));
          my $key = $secret =~ /^whsec_(.*)/ ? decode_base64($1) : $secret;
          print hmac_sha256_hex($body, $secret), " v1,", encode_base64(hmac_sha256("$v->{id}.$v->{timestamp}.$body", $key), ""), "\n";
        }
        """;

    [Fact]
    public void The_published_vectors_are_ours()
    {
        using var vectors = JsonDocument.Parse(Published());

        Assert.Equal(Expected(), string.Concat(vectors.RootElement.EnumerateArray().Select(Signed)));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("python3", "-c", InPython)]
    [InlineData("perl", "-e", InPerl)]
    public async Task Others_come_to_the_same(string language, string option, string program)
    {
        using var process = Process.Start(new ProcessStartInfo(language, [option, program])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            UseShellExecute = false,
        })!; // UseShellExecute is off, so there is a process.
        await process.StandardInput.WriteAsync(Published());
        process.StandardInput.Close();

        Assert.Equal(Expected(), await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
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
        using var vectors = JsonDocument.Parse(Published());
        return string.Concat(vectors.RootElement.EnumerateArray()
            .Select(vector => $"{vector.GetProperty("X-LabelBackup-Signature-SHA256")} {vector.GetProperty("Webhook-Signature")}\n"));
    }

    private static string Published()
    {
        var page = File.ReadAllText(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../../docs/webhooks.md")));
        var start = page.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length;
        return page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
