using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Services;

/// <summary>
/// The list, on disk, of what stands still because of us. It is written before anything is stopped, and loses a service once
/// that runs again, so whatever kills this program, the next start of it knows what to do. A journal that is not exactly as
/// it was written is never acted upon.
/// </summary>
internal sealed class StopJournal(string stateDirectory, TimeProvider time, ILogger log)
{
    public const string FileName = "stopped-services.json";

    private readonly string _path = Path.Combine(stateDirectory, FileName);

    public bool Exists => File.Exists(_path);

    /// <summary>Checks that the journal can be written.</summary>
    /// <exception cref="ServiceException">It cannot.</exception>
    public void EnsureWritable() => Guard("written", () =>
    {
        Directory.CreateDirectory(stateDirectory);
        var probe = _path + ".probe";
        DurableFile.WriteAtomically(probe, "probe"u8);
        DurableFile.Delete(probe);
    });

    /// <summary>What is in it, in the order in which it was stopped. A journal that cannot be read is set aside.</summary>
    /// <exception cref="ServiceException">The file cannot be opened, or not be set aside.</exception>
    public IReadOnlyList<StoppedService> Read()
    {
        if (!Exists)
            return [];
        IReadOnlyList<StoppedService>? services = null;
        Guard("read", () => services = Parse(File.ReadAllBytes(_path)));
        if (services is null)
            SetAside();
        return services ?? [];
    }

    /// <summary>Adds what is about to be stopped. When this returns, it is on the disk.</summary>
    /// <exception cref="ServiceException">It cannot be written.</exception>
    public void Add(IReadOnlyList<StoppedService> services) => Write([.. Without(services), .. services]);

    /// <summary>Removes what runs again. Without services, the file goes.</summary>
    /// <exception cref="ServiceException">It cannot be written.</exception>
    public void Remove(IReadOnlyList<StoppedService> services) => Write(Without(services));

    /// <summary>The services in a journal's bytes, or null if they are not a whole journal of ours.</summary>
    public static IReadOnlyList<StoppedService>? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var file = JsonSerializer.Deserialize(bytes, JournalJson.Default.JournalFile);
            return file is { Content.Format: JournalContent.CurrentFormat } && file.Sha256 == Digest(file.Content)
                ? file.Content.Services
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Digest(JournalContent content) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(content, JournalJson.Default.JournalContent)));

    private List<StoppedService> Without(IReadOnlyList<StoppedService> services) =>
        [.. Read().Where(known => services.All(service => service.ContainerId != known.ContainerId))];

    private void Write(List<StoppedService> services) => Guard("written", () =>
    {
        if (services.Count == 0)
        {
            DurableFile.Delete(_path);
            return;
        }
        var content = new JournalContent
        {
            Format = JournalContent.CurrentFormat,
            Boot = BootId(),
            Services = services,
        };
        var file = new JournalFile { Content = content, Sha256 = Digest(content) };
        DurableFile.WriteAtomically(_path, JsonSerializer.SerializeToUtf8Bytes(file, JournalJson.Default.JournalFile));
    });

    private void SetAside()
    {
        var aside = $"{_path}.unreadable-{time.GetUtcNow():yyyyMMddTHHmmssfffZ}";
        Guard("set aside", () => File.Move(_path, aside, overwrite: true));
        log.LogError(
            "The list of the services that an earlier run had stopped is damaged. Nothing was started blindly: look at {File}, and start by hand what should run",
            aside);
    }

    private static string? BootId()
    {
        const string file = "/proc/sys/kernel/random/boot_id";
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    private void Guard(string attempt, Action work)
    {
        try
        {
            work();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ServiceException(
                $"The journal of stopped services, {_path}, could not be {attempt}: {error.Message} Without it nothing is stopped. " +
                "Mount a writable volume there, or set BACKUP_STATE_DIR.",
                error);
        }
    }
}
