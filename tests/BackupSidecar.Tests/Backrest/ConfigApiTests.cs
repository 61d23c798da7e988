using System.Text;
using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;

namespace BackupSidecar.Tests.Backrest;

public sealed class ConfigApiTests : IAsyncLifetime
{
    private readonly FakeBackrest _backrest = new();
    private readonly HttpClient _client = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _backrest.DisposeAsync();
    }

    [Fact]
    public async Task A_configuration_is_read_and_set_and_Backrest_counts_it_up()
    {
        var api = Api();

        Assert.True(await api.TryReplaceAsync((await api.ReadAsync(Cancellation))!, Text("""{"modno":3,"version":4,"x":1}"""), Cancellation));

        Assert.Equal("""{"modno":4,"version":4,"x":1}""", _backrest.Config.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_somebody_else_saved_meanwhile_is_a_conflict_in_every_version(bool isOld)
    {
        _backrest.IsOld = isOld;
        var api = Api();
        var read = await api.ReadAsync(Cancellation);
        _backrest.Config["modno"] = 9;

        Assert.False(await api.TryReplaceAsync(read!, Text("""{"modno":3,"version":4}"""), Cancellation));

        Assert.Equal(9, (int)_backrest.Config["modno"]!);
    }

    [Fact]
    public async Task Who_has_a_password_logs_in_once()
    {
        _backrest.Password = "s3cret";
        var api = Api("s3cret");

        await api.ReadAsync(Cancellation);
        await api.ReadAsync(Cancellation);

        Assert.Equal(["/v1.Authentication/Login", "/v1.Backrest/GetConfig", "/v1.Backrest/GetConfig"], _backrest.Calls);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task Who_may_not_is_told_what_to_set(string? password)
    {
        _backrest.Password = "s3cret";

        var failure = await Assert.ThrowsAsync<BackrestException>(() => Api(password).ReadAsync(Cancellation));

        Assert.Contains("BACKREST_PASSWORD_FILE", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Backrest_that_is_not_there_is_named()
    {
        var url = _backrest.Url;
        await _backrest.DisposeAsync();

        var failure = await Assert.ThrowsAsync<BackrestException>(() => new ConfigApi(new ApiSettings(url, "admin", null), _client).ReadAsync(Cancellation));

        Assert.Contains($"Backrest at {url}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--backrest-url", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_Backrest_refuses_is_told_in_its_words()
    {
        _backrest.Refusal = "validation error: plan x: repo \"gone\" not found";
        var api = Api();
        var read = await api.ReadAsync(Cancellation);

        var failure = await Assert.ThrowsAsync<BackrestException>(() => api.TryReplaceAsync(read!, Text("{}"), Cancellation));

        Assert.Contains("changing its configuration failed. HTTP 500: validation error: plan x: repo \"gone\" not found.", failure.Message, StringComparison.Ordinal);
    }

    private ConfigApi Api(string? password = null) => new(new ApiSettings(_backrest.Url, "admin", password is null ? null : new Secret(password)), _client);

    private static byte[] Text(string json) => Encoding.UTF8.GetBytes(json);
}
