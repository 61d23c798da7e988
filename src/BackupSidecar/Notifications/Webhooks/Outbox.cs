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
    /// <summary>More are not kept: the oldest make room.</summary>
    public const int Most = 100;

    /// <summary>Older ones are no news.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(3);

    private readonly string _folder = Path.Combine(stateDirectory, "outbox");

    /// <summary>How many messages wait.</summary>
    public int Count => Files().Length;

    /// <summary>Keeps a message; one with its id is replaced.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Put(WebhookMessage message)
    {
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var oldest in Waiting().Take(Count + 1 - Most))
            Drop(oldest, $"more than {Most} messages wait");
        DurableFile.WriteAtomically(PathOf(message.Id), JsonSerializer.SerializeToUtf8Bytes(message, WebhookMessageJson.Default.WebhookMessage));
    }

    /// <summary>The ids of all messages, the oldest first.</summary>
    public IReadOnlyList<Guid> Waiting() =>
        [.. Files().OrderBy(file => file.LastWriteTimeUtc).Select(file => Guid.TryParse(Path.GetFileNameWithoutExtension(file.Name), out var id) ? id : Guid.Empty).Where(id => id != Guid.Empty)];

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

    public void Dispose() => file.Dispose();
}
