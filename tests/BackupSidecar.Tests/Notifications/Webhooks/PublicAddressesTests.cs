using System.Net;
using System.Net.Sockets;
using BackupSidecar.Notifications.Webhooks;

namespace BackupSidecar.Tests.Notifications.Webhooks;

/// <summary>An address that a label supplied leads to public hosts and nowhere else.</summary>
public sealed class PublicAddressesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.32.0.0", true)]
    [InlineData("192.167.255.255", true)]
    [InlineData("100.128.0.1", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("2a00:1450:4001:80b::200e", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.255.254", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.0.0.192", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("203.0.113.9", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:4136:e378::", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("ff02::1", false)]
    public void Public_is_what_a_host_of_the_internet_can_have(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddresses.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://example.com/hook", false)]
    [InlineData("https://example.com:8443/hook", false)]
    [InlineData("http://example.com/hook", true)]
    [InlineData("ftp://example.com/hook", true)]
    [InlineData("file:///etc/passwd", true)]
    [InlineData("gopher://example.com/", true)]
    [InlineData("https://169.254.169.254/latest/meta-data", true)]
    [InlineData("https://2130706433/", true)]
    [InlineData("https://0x7f.1/", true)]
    [InlineData("https://127.1/", true)]
    [InlineData("https://[::1]/", true)]
    [InlineData("https://[::ffff:10.0.0.1]/", true)]
    public void What_can_be_seen_without_asking_is_seen_at_once(string url, bool isRefused) =>
        Assert.Equal(isRefused, PublicAddresses.Problem(new Uri(url)) is not null);

    [Theory(Timeout = 30_000)]
    [InlineData("127.0.0.1")]
    [InlineData("8.8.8.8", "127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData]
    public async Task A_name_that_leads_to_a_private_address_is_not_connected_to(params string[] addresses)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var guard = new PublicAddresses((_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()));

        await Assert.ThrowsAsync<AddressRefusedException>(
            () => guard.ConnectAsync(new DnsEndPoint("rebound.example", ((IPEndPoint)listener.LocalEndpoint).Port), Cancellation).AsTask());

        Assert.False(listener.Pending());
    }

    [Fact(Timeout = 30_000)]
    public async Task A_name_is_resolved_once_so_that_no_second_answer_counts()
    {
        var asked = 0;
        using var connecting = new CancellationTokenSource();
        var guard = new PublicAddresses((_, _) =>
        {
            connecting.Cancel();
            return Task.FromResult<IPAddress[]>([IPAddress.Parse(++asked == 1 ? "8.8.8.8" : "127.0.0.1")]);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => guard.ConnectAsync(new DnsEndPoint("rebound.example", 443), connecting.Token).AsTask());

        Assert.Equal(1, asked);
    }
}
