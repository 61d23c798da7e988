using System.Text.Json;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>
/// Messages that have not arrived yet: a file each in the state directory, readable by its owner only, on the disk before anything is
/// sent. Several programs may put and take; each message is in the hands of one of them at a time, and of none that has died.
/// </summary>
internal sealed class Outbox(string stateDirectory, TimeProvider time, ILogger log)
{
    /// <summary>More are not kept: those make room that labels' addresses get, else those of the address that gets the most; the oldest first.</summary>
    public const int Most = 100;

    /// <summary>Older ones are no news.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(3);

    private readonly string _folder = Path.Combine(stateDirectory, "outbox");

    /// <summary>How many messages wait.</summary>
    public int Count => Files().Length;

    /// <summary>Keeps a message; one with its id is replaced. False if there is no room for it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public bool Put(WebhookMessage message)
    {
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        DurableFile.WriteAtomically(PathOf(message.Id), JsonSerializer.SerializeToUtf8Bytes(message, WebhookMessageJson.Default.WebhookMessage));
        if (Count <= Most)
            return true;
        var isKept = true;
        for (var waiting = Waiting(); waiting.Count > Most; waiting = Waiting())
        {
            var least = LeastWanted(waiting);
            Drop(least, $"more than {Most} messages wait");
            isKept &= least != message.Id;
        }
        return isKept;
    }

    /// <summary>All messages, the oldest first. What cannot be read is dropped.</summary>
    public IReadOnlyList<WebhookMessage> Waiting() =>
    [
        .. Files().OrderBy(file => file.LastWriteTimeUtc)
            .Select(file => Guid.TryParse(Path.GetFileNameWithoutExtension(file.Name), out var id) && id != Guid.Empty ? Read(id) : null).OfType<WebhookMessage>(),
    ];

    /// <summary>Takes a message in hand; null if somebody else has it, or if it is gone or too old by now.</summary>
    public HeldMessage? TryTake(Guid id)
    {
        try
        {
            var file = PosixFiles.OpenShared(PathOf(id), mayCreate: false);
            // Who had it before may have just delivered it.
            if (PosixFiles.TryLock(file) && File.Exists(PathOf(id)) && Read(id) is { } message)
                return new HeldMessage(message, file);
            file.Dispose();
            return null;
        }
        catch (IOException failure)
        {
            log.LogDebug("The message {Id} is not to be had: {Reason}", id, failure.Message);
            return null;
        }
    }

    /// <summary>It has arrived, or never will.</summary>
    public void Remove(Guid id) => DurableFile.Delete(PathOf(id));

    private static Guid LeastWanted(IReadOnlyList<WebhookMessage> waiting) => waiting
        .GroupBy(message => message.Destination)
        .OrderByDescending(same => same.First().LabelUrl is not null).ThenByDescending(same => same.Count())
        .First().First().Id;

    /// <summary>Null if it is gone, or is dropped.</summary>
    private WebhookMessage? Read(Guid id)
    {
        try
        {
            var message = JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(id)), WebhookMessageJson.Default.WebhookMessage);
            if (message is not null && time.GetUtcNow() - message.CreatedAt < LongestWait)
                return message;
            Drop(id, $"it could not be delivered for {LongestWait.Days} days");
        }
        catch (JsonException)
        {
            Drop(id, "its file is damaged");
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            log.LogDebug("The message {Id} has gone: it has arrived, or made room.", id);
        }
        return null;
    }

    private void Drop(Guid id, string reason)
    {
        log.LogWarning("The webhook message {Id} is dropped: {Reason}.", id, reason);
        Remove(id);
    }

    private FileInfo[] Files() => Directory.Exists(_folder) ? new DirectoryInfo(_folder).GetFiles("*.json") : [];

    private string PathOf(Guid id) => Path.Combine(_folder, $"{id:D}.json");
}

/// <summary>A message that is in our hands until this is disposed of.</summary>
internal sealed class HeldMessage(WebhookMessage message, SafeFileHandle file) : IDisposable
{
    public WebhookMessage Message => message;

    public void Dispose()
    {
        PosixFiles.Unlock(file);
        file.Dispose();
    }
}
