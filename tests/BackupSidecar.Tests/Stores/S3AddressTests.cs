using Amazon.S3.Model;
using BackupSidecar.Configuration;
using BackupSidecar.Stores.S3;

namespace BackupSidecar.Tests.Stores;

public sealed class S3AddressTests
{
    [Theory]
    [InlineData("https://s3.amazonaws.com", "us-east-1", nameof(PathStyle.Auto), "https://bucket.s3.us-east-1.amazonaws.com/app/x")]
    [InlineData("https://s3.amazonaws.com", "eu-central-1", nameof(PathStyle.Auto), "https://bucket.s3.eu-central-1.amazonaws.com/app/x")]
    [InlineData("https://s3.amazonaws.com", "eu-central-1", nameof(PathStyle.Path), "https://s3.eu-central-1.amazonaws.com/bucket/app/x")]
    [InlineData("https://s3.eu-west-3.amazonaws.com", "eu-west-3", nameof(PathStyle.Auto), "https://bucket.s3.eu-west-3.amazonaws.com/app/x")]
    [InlineData("https://minio.example.com", "us-east-1", nameof(PathStyle.Auto), "https://minio.example.com/bucket/app/x")]
    [InlineData("https://minio.example.com/", "us-east-1", nameof(PathStyle.Auto), "https://minio.example.com/bucket/app/x")]
    [InlineData("https://minio.example.com:9000", "us-east-1", nameof(PathStyle.Path), "https://minio.example.com:9000/bucket/app/x")]
    [InlineData("http://minio:9000", "us-east-1", nameof(PathStyle.Auto), "http://minio:9000/bucket/app/x")]
    [InlineData("http://192.0.2.7:9000", "us-east-1", nameof(PathStyle.Auto), "http://192.0.2.7:9000/bucket/app/x")]
    [InlineData("http://[2001:db8::7]:9000", "us-east-1", nameof(PathStyle.Auto), "http://[2001:db8::7]:9000/bucket/app/x")]
    [InlineData("https://fra1.digitaloceanspaces.com", "fra1", nameof(PathStyle.VirtualHost), "https://bucket.fra1.digitaloceanspaces.com/app/x")]
    public async Task Requests_go_to_the_address_that_the_settings_say(string endpoint, string region, string style, string expected)
    {
        using var connection = Connect(new Uri(endpoint), "bucket", region, Enum.Parse<PathStyle>(style));

        var url = await connection.Client.GetPreSignedURLAsync(Request("bucket", endpoint));

        Assert.Equal(expected, url.Split('?')[0]);
        Assert.Contains($"%2F{region}%2Fs3%2Faws4_request", url, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://s3.amazonaws.com", nameof(S3Checksums.Auto), true)]
    [InlineData("https://s3.eu-west-3.amazonaws.com", nameof(S3Checksums.Auto), true)]
    [InlineData("https://s3.cn-north-1.amazonaws.com.cn", nameof(S3Checksums.Auto), true)]
    [InlineData("https://minio.example.com", nameof(S3Checksums.Auto), false)]
    [InlineData("https://amazonaws.com.example.com", nameof(S3Checksums.Auto), false)]
    [InlineData("https://minio.example.com", nameof(S3Checksums.Always), true)]
    [InlineData("https://s3.amazonaws.com", nameof(S3Checksums.WhenRequired), false)]
    public void Checksums_are_sent_where_they_are_understood_or_wanted(string endpoint, string checksums, bool expected)
    {
        var settings = new S3StoreSettings { Endpoint = new Uri(endpoint), Bucket = "bucket", Checksums = Enum.Parse<S3Checksums>(checksums) };
        using var connection = new S3Connection(settings, new Patience(), TimeProvider.System);

        Assert.Equal(expected, connection.SendsChecksums);
    }

    [Fact]
    public async Task A_session_token_goes_with_the_request()
    {
        using var connection = Connect(new Uri("https://minio.example.com"), "bucket", "us-east-1", PathStyle.Auto, new Secret("the-token"));

        var url = await connection.Client.GetPreSignedURLAsync(Request("bucket", "https://minio.example.com"));

        Assert.Contains("X-Amz-Security-Token=the-token", url, StringComparison.Ordinal);
    }

    private static GetPreSignedUrlRequest Request(string bucket, string endpoint) => new()
    {
        BucketName = bucket,
        Key = "app/x",
        Expires = DateTime.UtcNow.AddHours(1),
        Protocol = endpoint.StartsWith("http:", StringComparison.Ordinal) ? Amazon.S3.Protocol.HTTP : Amazon.S3.Protocol.HTTPS,
    };

    private static S3Connection Connect(Uri endpoint, string bucket, string region, PathStyle style, Secret? token = null) => new(
        new S3StoreSettings
        {
            Endpoint = endpoint,
            Bucket = bucket,
            Region = region,
            PathStyle = style,
            AccessKey = new Secret("id"),
            SecretKey = new Secret("key"),
            SessionToken = token,
        },
        new Patience(),
        TimeProvider.System);
}
