using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security;
using System.Text;

namespace BackupSidecar.Bench.Comparison;

/// <summary>
/// A bucket on loopback that takes bytes and keeps none of them, small objects apart: what a backup to S3 costs us and the kernel,
/// without the work of a server, which elsewhere is done by another machine. It speaks as much of S3 as a backup needs.
/// </summary>
internal sealed class DiscardingBucket : IDisposable
{
    private const string Bucket = "bench";
    private const long LargestKept = 1024 * 1024;
    private const string Metadata = "x-amz-meta-";

    private readonly ConcurrentDictionary<string, StoredThing> _objects = new(StringComparer.Ordinal);
    private readonly HttpListener _listener = new();
    private readonly Uri _address;

    public DiscardingBucket()
    {
        _address = new Uri($"http://127.0.0.1:{FreePort()}/");
        _listener.Prefixes.Add(_address.AbsoluteUri);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>What our program needs to use it.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["BACKUP_S3_BUCKET"] = Bucket,
        ["BACKUP_S3_ENDPOINT"] = _address.AbsoluteUri,
        ["BACKUP_S3_ACCESS_KEY"] = "anybody",
        ["BACKUP_S3_SECRET_KEY"] = "nothing is kept here",
        ["BACKUP_S3_PATH_STYLE"] = "true",
        ["BACKUP_ALLOW_HTTP"] = "true",
        // What was not kept cannot be read back.
        ["BACKUP_VERIFY_AFTER"] = "none",
    };

    public void Dispose() => _listener.Close();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task AcceptAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var key = Uri.UnescapeDataString(request.Url!.AbsolutePath[1..]);
        key = key.StartsWith(Bucket + "/", StringComparison.Ordinal) ? key[(Bucket.Length + 1)..] : "";
        var query = request.Url.Query.TrimStart('?').Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[^1], StringComparer.Ordinal);
        var answer = request.HttpMethod switch
        {
            "GET" when key.Length == 0 => query.ContainsKey("uploads") ? "<ListMultipartUploadsResult/>" : List(Uri.UnescapeDataString(query.GetValueOrDefault("prefix", ""))),
            "GET" or "HEAD" => Show(key, request.HttpMethod == "GET", response),
            "PUT" when query.ContainsKey("uploadId") => await TakePartAsync(key, request, response),
            "PUT" => await TakeAsync(key, request, response),
            "POST" when query.ContainsKey("uploads") => Begin(key, request),
            "POST" => Complete(key),
            "DELETE" => Remove(key, response),
            _ => throw new NotSupportedException(request.HttpMethod),
        };
        await request.InputStream.CopyToAsync(Stream.Null);
        if (answer is not null)
            await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
        response.Close();
    }

    private string List(string prefix) =>
        "<ListBucketResult><IsTruncated>false</IsTruncated>"
        + string.Concat(_objects.Where(each => !each.Value.IsUnfinished && each.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(each =>
            $"<Contents><Key>{SecurityElement.Escape(each.Key)}</Key><Size>{each.Value.Bytes}</Size><ETag>whole</ETag><LastModified>{each.Value.WrittenAt:yyyy-MM-ddTHH:mm:ss.fffZ}</LastModified></Contents>"))
        + "</ListBucketResult>";

    private string? Show(string key, bool withContent, HttpListenerResponse response)
    {
        if (!_objects.TryGetValue(key, out var found) || found.IsUnfinished)
        {
            response.StatusCode = (int)HttpStatusCode.NotFound;
            return null;
        }
        foreach (var (name, value) in found.Metadata)
            response.Headers[name] = value;
        response.Headers[HttpResponseHeader.LastModified] = found.WrittenAt.ToString("R", CultureInfo.InvariantCulture);
        response.Headers[HttpResponseHeader.ETag] = "\"whole\"";
        response.ContentLength64 = found.Bytes;
        if (withContent)
            response.OutputStream.Write(found.Content);
        return null;
    }

    private string Begin(string key, HttpListenerRequest request)
    {
        _objects[key] = new StoredThing(0, [], MetadataOf(request), DateTimeOffset.UtcNow) { IsUnfinished = true };
        return "<InitiateMultipartUploadResult><UploadId>upload</UploadId></InitiateMultipartUploadResult>";
    }

    private string Complete(string key)
    {
        _objects[key] = _objects[key] with { IsUnfinished = false };
        return "<CompleteMultipartUploadResult/>";
    }

    private async Task<string?> TakePartAsync(string key, HttpListenerRequest request, HttpListenerResponse response)
    {
        var bytes = await DiscardAsync(request.InputStream);
        _objects.AddOrUpdate(key, _ => throw new InvalidOperationException("A part of nothing."), (_, sofar) => sofar with { Bytes = sofar.Bytes + bytes });
        response.Headers[HttpResponseHeader.ETag] = "\"part\"";
        return null;
    }

    private async Task<string?> TakeAsync(string key, HttpListenerRequest request, HttpListenerResponse response)
    {
        using var content = new MemoryStream();
        var bytes = request.ContentLength64 <= LargestKept ? 0 : await DiscardAsync(request.InputStream);
        await request.InputStream.CopyToAsync(content);
        _objects[key] = new StoredThing(bytes + content.Length, content.ToArray(), MetadataOf(request), DateTimeOffset.UtcNow);
        response.Headers[HttpResponseHeader.ETag] = "\"whole\"";
        return null;
    }

    private string? Remove(string key, HttpListenerResponse response)
    {
        _objects.TryRemove(key, out _);
        response.StatusCode = (int)HttpStatusCode.NoContent;
        return null;
    }

    private static async Task<long> DiscardAsync(Stream body)
    {
        var buffer = new byte[256 * 1024];
        var bytes = 0L;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
            bytes += read;
        return bytes;
    }

    private static Dictionary<string, string> MetadataOf(HttpListenerRequest request) => request.Headers.AllKeys.OfType<string>()
        .Where(name => name.StartsWith(Metadata, StringComparison.OrdinalIgnoreCase))
        .ToDictionary(name => name, name => request.Headers[name]!, StringComparer.Ordinal);

    private sealed record StoredThing(long Bytes, byte[] Content, IReadOnlyDictionary<string, string> Metadata, DateTimeOffset WrittenAt)
    {
        public bool IsUnfinished { get; init; }
    }
}
