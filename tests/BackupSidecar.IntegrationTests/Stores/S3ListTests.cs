using System.Text;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Lists of 25,000 keys from a server that has one defect each: the whole of the list comes, or an error.</summary>
public sealed class S3ListTests(CephServer ceph) : FaultyServerTests(ceph)
{
    private const int Keys = 25_000;
    private const int PageSize = 1000;

    [Theory(Timeout = 600_000)]
    [InlineData("none", true)]
    [InlineData("unordered", true)]
    [InlineData("keys that come twice", true)]
    [InlineData("an empty page in the middle", true)]
    [InlineData("the last page is empty", true)]
    [InlineData("no token", false)]
    [InlineData("an empty token", false)]
    [InlineData("the same token again", false)]
    [InlineData("tokens in a circle", false)]
    [InlineData("a page that says nothing", false)]
    [InlineData("a page that breaks off", false)]
    [InlineData("a page of another kind", false)]
    [InlineData("an error in the middle", false)]
    [InlineData("an error inside of a success", false)]
    public async Task A_list_is_whole_or_an_error(string defect, bool isWhole)
    {
        await using var proxy = await ProxyAsync(request => Page(request, defect));
        using var store = Open(proxy.Endpoint);

        var failure = await Record.ExceptionAsync(async () =>
        {
            var names = (await store.ListAsync(Token).ToListAsync(Token)).Select(found => found.Name).ToHashSet();
            Assert.Equal(Keys, names.Count);
        });

        Assert.True(isWhole ? failure is null : failure is StoreException, $"{failure}");
        Assert.InRange(proxy.Requests.Count, 1, Keys / PageSize * 4);
    }

    [Theory(Timeout = 600_000)]
    [InlineData("no token")]
    [InlineData("a page that says nothing")]
    [InlineData("a page that breaks off")]
    [InlineData("an error in the middle")]
    public async Task Nothing_is_removed_by_a_list_that_is_not_whole(string defect)
    {
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "GET" && request.RawUrl.Contains("list-type=2", StringComparison.Ordinal) ? Page(request, defect) : null);
        using var program = new BuiltProgram();
        foreach (var (name, value) in CephServer.Variables(proxy.Endpoint, Bucket))
            program.Settings[name] = value;
        program.Settings["BACKUP_LOCAL_PATH"] = null;

        var prune = await program.RunAsync("prune", "--force");

        Assert.NotEqual(0, prune.ExitCode);
        Assert.DoesNotContain(proxy.Requests, line => line.StartsWith("DELETE", StringComparison.Ordinal));
    }

    /// <summary>What such a server answers; the pages are numbered by their tokens.</summary>
    private static Fault.Answer Page(ProxiedRequest request, string defect)
    {
        var token = request.QueryString["continuation-token"];
        var number = token is null ? 0 : int.Parse(token, System.Globalization.CultureInfo.InvariantCulture);
        var isMiddle = number == 12;
        var last = (Keys / PageSize) - 1;
        if (isMiddle && defect == "an error in the middle")
            return Fault.Answer.Error(503, "SlowDown");
        if (isMiddle && defect == "an error inside of a success")
            return Fault.Answer.Error(200, "InternalError");
        if (isMiddle && defect == "a page that says nothing")
            return new Fault.Answer(200, "  \n");
        if (isMiddle && defect == "a page of another kind")
            return new Fault.Answer(200, "<html><body>Please log in.</body></html>");

        var isEmptyInTheMiddle = defect == "an empty page in the middle" && number == 100;
        var isEmptyAtTheEnd = defect == "the last page is empty" && number > last;
        var keys = isEmptyInTheMiddle || isEmptyAtTheEnd ? [] : Enumerable.Range(number * PageSize, PageSize).ToList();
        if (defect == "unordered")
            keys.Reverse();
        if (defect == "keys that come twice" && number > 0)
            keys.Insert(0, (number * PageSize) - 1);
        var next = defect switch
        {
            "an empty page in the middle" when isMiddle => 100,
            "an empty page in the middle" when number == 100 => 13,
            "tokens in a circle" when isMiddle => 5,
            "the same token again" when isMiddle => 12,
            _ => number + 1,
        };
        var isTruncated = number < last || isEmptyInTheMiddle || (defect == "the last page is empty" && number == last);
        var said = !isTruncated || (isMiddle && defect == "no token") ? ""
            : isMiddle && defect == "an empty token" ? "<NextContinuationToken></NextContinuationToken>"
            : $"<NextContinuationToken>{next}</NextContinuationToken>";
        var page = new StringBuilder($"<ListBucketResult><IsTruncated>{(isTruncated ? "true" : "false")}</IsTruncated>{said}");
        foreach (var key in keys)
            page.Append($"<Contents><Key>app/app-{key:00000}</Key><Size>1</Size><LastModified>2026-11-20T03:00:00.000Z</LastModified></Contents>");
        var text = page.Append("</ListBucketResult>").ToString();
        return new Fault.Answer(200, isMiddle && defect == "a page that breaks off" ? text[..(text.Length / 2)] : text);
    }
}
