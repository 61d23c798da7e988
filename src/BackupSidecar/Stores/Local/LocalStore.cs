using System.Text.RegularExpressions;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;

namespace BackupSidecar.Stores.Local;

/// <summary>
/// Backups in a folder of this machine. A file gets its final name by a rename that never replaces, after its bytes have
/// reached the disk; until then it has a hidden name. A spool that lies in the folder is renamed and not copied.
/// </summary>
internal sealed partial class LocalStore : IBackupStore
{
    private static readonly TimeSpan SweepAge = TimeSpan.FromSeconds(10);

    private readonly StoreFolder _folder;
    private readonly TimeProvider _clock;

    /// <param name="path">The folder for the backups of all names.</param>
    /// <param name="backupName">The backup's name, which is the folder below it.</param>
    /// <param name="clock">Tells how old leftovers are.</param>
    public LocalStore(string path, string backupName, TimeProvider clock)
        : this(path, StoreFolder.OfArchives(backupName), clock)
    {
    }

    /// <param name="path">The root of the store.</param>
    /// <param name="folder">The folder below it.</param>
    /// <param name="clock">Tells how old leftovers are.</param>
    public LocalStore(string path, StoreFolder folder, TimeProvider clock)
    {
        Folder = FolderOf(path, folder.Path);
        _folder = folder;
        _clock = clock;
    }

    public string Name => StoreName.Local;

    public string Location => Folder;

    /// <summary>Where the objects lie. A spool that is made here costs no second copy.</summary>
    public string Folder { get; }

    /// <summary>Knows whether the folder is the one that was used before; null where nobody cares.</summary>
    public FolderMark? Mark { get; init; }

    public static string FolderOf(string path, string backupName) => Path.Combine(path, backupName);

    public Task ProbeAsync(CancellationToken cancellation)
    {
        Mark?.RequireForWriting();
        var probe = Path.Combine(Folder, PartialFile.NameFor($"probe-{Guid.NewGuid():N}"));
        Attempt($"write to {Folder}", () =>
        {
            LocalCopy.CreateFolder(Folder);
            using var file = new PartialFile(probe);
            RandomAccess.Write(file.Handle, "probe"u8, 0);
            file.FlushToDisk();
        });
        Attempt($"list {Folder}", () => _ = Directory.EnumerateFileSystemEntries(Folder).FirstOrDefault());
        return Task.CompletedTask;
    }

    public IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation) => ListAsync("", cancellation);

    public IAsyncEnumerable<StoredObject> ListAsync(string beginning, CancellationToken cancellation)
    {
        List<StoredObject> objects = [];
        var top = Path.Combine(Folder, beginning[..(beginning.LastIndexOf('/') + 1)]);
        Attempt($"list {top}", () => objects.AddRange(LocalFiles.In(top, _folder.IsDeep).Select(Describe).OfType<StoredObject>()));
        Mark?.RequireForReading(isEmpty: objects.Count == 0);
        return objects.Where(found => found.Name.StartsWith(beginning, StringComparison.Ordinal)).ToAsyncEnumerable();
    }

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellation)
    {
        StoredObject? found = null;
        Attempt($"look at {PathOf(name)}", () => found = Describe(new FileInfo(PathOf(name))));
        return Task.FromResult(found);
    }

    public async Task UploadAsync(string name, Spool spool, CancellationToken cancellation)
    {
        if (Path.GetFullPath(spool.HomeDirectory) == Path.GetDirectoryName(Path.GetFullPath(PathOf(name))))
            await AdoptAsync(name, spool, cancellation);
        else
            await LocalCopy.WriteAsync(spool, PartialPathOf(name), PathOf(name), cancellation);
        Mark?.Leave(name);
    }

    public async Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        await LocalCopy.WriteAsync(content, PartialPathOf(name), PathOf(name), cancellation);

    public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation)
    {
        Stream? stream = null;
        Attempt($"read {PathOf(name)}", () => stream = new FileStream(PathOf(name), new FileStreamOptions
        {
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.SequentialScan,
        }));
        return Task.FromResult(stream!);
    }

    public Task ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        Attempt($"read {PathOf(name)}", () =>
        {
            using var file = new FileStream(PathOf(name), new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            file.Position = offset;
            file.ReadExactly(buffer.Span);
        });
        return Task.CompletedTask;
    }

    /// <summary>A file system keeps none.</summary>
    public Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation) => Task.FromResult<StoreChecksum?>(null);

    public Task DeleteAsync(string name, CancellationToken cancellation)
    {
        Attempt($"remove {PathOf(name)}", () =>
        {
            if (!File.Exists(PathOf(name)))
                return;
            File.Delete(PathOf(name));
            PosixFiles.FlushFolder(Path.GetDirectoryName(PathOf(name))!);
        });
        return Task.CompletedTask;
    }

    public Task SweepAsync(CancellationToken cancellation)
    {
        Attempt($"remove leftovers in {Folder}", () =>
        {
            foreach (var file in LocalFiles.In(Folder, _folder.IsDeep).Where(IsLeftover))
                file.Delete();
        });
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // Nothing is held open between calls.
    }

    private async Task AdoptAsync(string name, Spool spool, CancellationToken cancellation)
    {
        var (bytes, _) = await spool.Sealed.WaitAsync(cancellation);
        // The spool went elsewhere because it could not stay here: another copy would fail the same way.
        if (spool.MovedBecause is { } reason)
            throw LocalFailures.Describe($"write {PathOf(name)} ({bytes} bytes)", reason);
        Attempt($"write {PathOf(name)}", () =>
        {
            if (new FileInfo(spool.FilePath).Length is var length && length != bytes)
                throw new IOException($"the file has {length} bytes instead of {bytes}.");
            MayFail.At(Failpoint.BeforeLocalRename, CancellationToken.None);
            PosixFiles.RenameWithoutReplacing(spool.FilePath, PathOf(name));
            LocalCopy.FlushFolderOf(PathOf(name));
        });
        spool.Adopted(PathOf(name));
    }

    /// <summary>Old enough that no run is about to mark it as in use, and not marked.</summary>
    private bool IsLeftover(FileInfo file)
    {
        if (!MayBeOurs(file) || _clock.GetUtcNow() - new DateTimeOffset(file.LastWriteTimeUtc) < SweepAge)
            return false;
        using var handle = File.OpenHandle(file.FullName, share: FileShare.ReadWrite | FileShare.Delete);
        return PosixFiles.IsUnused(handle);
    }

    private bool MayBeOurs(FileInfo file)
    {
        if (file.Name[0] != '.' || !file.Name.EndsWith(PartialFile.Suffix, StringComparison.Ordinal))
            return false;
        var name = file.Name[1..^PartialFile.Suffix.Length];
        return Probe().IsMatch(name) || _folder.MayOwn(name);
    }

    private StoredObject? Describe(FileInfo file)
    {
        try
        {
            var name = Path.GetRelativePath(Folder, file.FullName);
            return ObjectNames.IsFinal(name, _folder.IsDeep) ? new StoredObject(name, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)) : null;
        }
        catch (FileNotFoundException)
        {
            // Removed meanwhile, or its name is not UTF-8 and so not ours.
            return null;
        }
    }

    private string PathOf(string name) => Path.Combine(Folder, _folder.Check(name));

    /// <summary>A path of its own for each writer, so that two of one name meet only at the rename, where one of them loses.</summary>
    private string PartialPathOf(string name) =>
        Path.Combine(Folder, PartialFile.NameFor($"{_folder.Check(name)}.{Guid.NewGuid():N}"));

    [GeneratedRegex(@"^probe-[0-9a-f]{32}\z", RegexOptions.None, 1000)]
    private static partial Regex Probe();

    private static void Attempt(string attempt, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (LocalFailures.IsRefusal(exception))
        {
            throw LocalFailures.Describe(attempt, exception);
        }
    }
}
