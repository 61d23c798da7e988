using System.Formats.Tar;
using System.Text;

namespace BackupSidecar.Databases.Redis;

/// <summary>
/// The files that a stopped server will read at its start, changed through the engine's archive calls. A snapshot is replaced, and
/// kept here meanwhile; where a manifest says which files count, a new one is put beside the old ones and only the manifest is replaced.
/// </summary>
/// <param name="container">The server's container.</param>
/// <param name="kept">A folder of ours, made when there is something to keep.</param>
internal sealed class RedisDataFiles(RedisContainer container, string kept)
{
    private const string ManifestSuffix = ".manifest";

    // A snapshot without keys and without a checksum: what is put back where there was nothing.
    private static readonly byte[] NoKeys = [.. "REDIS0009"u8, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly string _keptFile = Path.Combine(kept, container.Files.Name);
    private IReadOnlyList<string> _replaced = [];
    private IReadOnlyList<string> _added = [];

    /// <summary>Whether the server would not read any more what it read before.</summary>
    public bool WasTouched { get; private set; }

    /// <summary>Where what was there is kept, for the end of a sentence.</summary>
    public string WhereKept => File.Exists(_keptFile) ? $"; it is kept in {_keptFile}, and belongs to {container.Files.Path}" : "";

    /// <summary>Fetches what a failed restore puts back.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(kept, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await container.Place.Engine.GetArchiveAsync(container.Place.ContainerId, container.Files.Path, ReadAsync, cancellation);

        async Task ReadAsync(Stream stream, CancellationToken token)
        {
            await using var tar = new TarReader(stream);
            if (await tar.GetNextEntryAsync(copyData: false, token) is not { DataStream: { } content })
                return;
            await using var file = new FileStream(_keptFile, FileMode.CreateNew, FileAccess.Write);
            await content.CopyToAsync(file, token);
        }
    }

    public async Task PutAsync(Stream dump, CancellationToken cancellation)
    {
        if (!container.Files.IsManifest)
        {
            WasTouched = true;
            await WriteAsync([(container.Files.Name, dump)], cancellation);
            return;
        }
        var manifest = File.Exists(_keptFile) ? await File.ReadAllLinesAsync(_keptFile, cancellation) : [];
        var entries = manifest.Select(line => line.Split(' ')).Where(words => words is ["file", _, "seq", _, "type", _]).ToList();
        _replaced = [.. entries.Select(words => words[1])];
        var number = entries.Select(words => int.TryParse(words[3], out var used) ? used : 0).DefaultIfEmpty().Max() + 1;
        var name = $"{container.Files.Name[..^ManifestSuffix.Length]}.{number}";
        // Without a log of its own the server would begin with number 1, which is an old one that is still there.
        var (start, log) = ($"{name}.base.rdb", $"{name}.incr.aof");
        _added = [start, log];
        await WriteAsync([(start, dump), (log, Text(""))], cancellation);
        WasTouched = true;
        await WriteAsync([(container.Files.Name, Text($"file {start} seq {number} type b\nfile {log} seq {number} type i\n"))], cancellation);
    }

    public async Task PutBackAsync(CancellationToken cancellation)
    {
        await using Stream old = File.Exists(_keptFile) ? File.OpenRead(_keptFile) : new MemoryStream(container.Files.IsManifest ? [] : NoKeys);
        await WriteAsync([(container.Files.Name, old)], cancellation);
    }

    /// <summary>The restored state stays: what the running server does not read any more goes.</summary>
    public Task RemoveOldAsync(CancellationToken cancellation) => RemoveAsync(_replaced, cancellation);

    /// <summary>The old state is there again: what was put beside it goes.</summary>
    public Task RemoveNewAsync(CancellationToken cancellation) => RemoveAsync(_added, cancellation);

    private async Task RemoveAsync(IReadOnlyList<string> names, CancellationToken cancellation)
    {
        if (Directory.Exists(kept))
            Directory.Delete(kept, recursive: true);
        if (names.Count > 0)
            await container.Place.RunAsync(new("rm", ["-f", .. names.Select(name => $"{container.Files.Directory}/{name}")]), cancellation);
    }

    private static MemoryStream Text(string text) => new(Encoding.ASCII.GetBytes(text));

    private Task WriteAsync(IReadOnlyList<(string Name, Stream Content)> files, CancellationToken cancellation) =>
        container.Place.Engine.PutArchiveAsync(
            container.Place.ContainerId,
            container.Files.Directory,
            async (stream, token) =>
            {
                await using var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
                foreach (var (name, content) in files)
                {
                    await tar.WriteEntryAsync(
                        new PaxTarEntry(TarEntryType.RegularFile, name)
                        {
                            Uid = container.Owner.User,
                            Gid = container.Owner.Group,
                            Mode = container.Owner.Mode,
                            DataStream = content,
                        },
                        token);
                }
            },
            cancellation);
}
