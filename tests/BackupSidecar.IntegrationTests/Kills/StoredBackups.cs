using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Amazon.S3;
using BackupSidecar.Configuration;
using BackupSidecar.Stores;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>
/// What lies in the stores, seen by nobody's eyes but the test's: an archive is whole if its manifest is there and tells its bytes.
/// </summary>
internal sealed class StoredBackups(string? folder, AmazonS3Client? s3, string bucket, string name) : IDisposable
{
    private const string ManifestSuffix = ".manifest.json";

    private readonly ConcurrentDictionary<string, string> _digests = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A sentence for each archive that its manifest does not vouch for.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync()
    {
        var faults = new List<string>();
        foreach (var (store, archive) in await CompleteAsync())
        {
            using var manifest = JsonDocument.Parse(await ReadAsync(store, archive + ManifestSuffix));
            var expected = manifest.RootElement.GetProperty("stored").GetProperty("sha256").GetString();
            var digest = await DigestAsync(store, archive);
            if (digest != expected)
                faults.Add($"{archive} in {store} is not what its manifest says ({digest} instead of {expected})");
        }
        return faults;
    }

    /// <summary>Every archive that has a manifest, by its store; the archive itself may be missing.</summary>
    public async Task<IReadOnlyList<(string Store, string Archive)>> CompleteAsync() =>
        [.. (await NamesAsync()).Where(each => each.Name.EndsWith(ManifestSuffix, StringComparison.Ordinal))
            .Select(each => (each.Store, each.Name[..^ManifestSuffix.Length]))];

    /// <summary>What a run should have taken away when it was done.</summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        var left = new List<string>();
        if (folder is not null && Directory.Exists(folder))
            left.AddRange(Directory.EnumerateFileSystemEntries(folder, ".*").Where(path => Path.GetFileName(path) != OwnNames.StoreMark));
        if (s3 is not null)
            left.AddRange(((await s3.ListMultipartUploadsAsync(bucket, Cancellation)).MultipartUploads ?? []).Select(upload => $"unfinished upload of {upload.Key}"));
        return left;
    }

    public void Dispose() => s3?.Dispose();

    private async Task<IReadOnlyList<(string Store, string Name)>> NamesAsync()
    {
        var names = new List<(string, string)>();
        if (folder is not null && Directory.Exists(folder))
            names.AddRange(Directory.EnumerateFiles(folder).Select(Path.GetFileName).OfType<string>().Where(file => file[0] != '.').Select(file => (StoreName.Local, file)));
        if (s3 is not null)
            names.AddRange(((await s3.ListObjectsAsync(bucket, name + "/", Cancellation)).S3Objects ?? []).Select(found => (StoreName.S3, found.Key[(name.Length + 1)..])));
        return names;
    }

    /// <summary>Names are never used twice and nothing is overwritten, so each archive is read once.</summary>
    private async Task<string> DigestAsync(string store, string archive)
    {
        if (_digests.TryGetValue(store + archive, out var known))
            return known;
        try
        {
            await using var stream = await OpenAsync(store, archive);
            return _digests[store + archive] = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, Cancellation));
        }
        catch (Exception missing) when (missing is FileNotFoundException or AmazonS3Exception)
        {
            return "missing";
        }
    }

    private async Task<byte[]> ReadAsync(string store, string file)
    {
        await using var stream = await OpenAsync(store, file);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, Cancellation);
        return bytes.ToArray();
    }

    private async Task<Stream> OpenAsync(string store, string file) =>
        store == StoreName.Local
            ? File.OpenRead(Path.Combine(folder!, file)) // The name came from that folder.
            : (await s3!.GetObjectAsync(bucket, $"{name}/{file}", Cancellation)).ResponseStream; // The name came from that bucket.
}
