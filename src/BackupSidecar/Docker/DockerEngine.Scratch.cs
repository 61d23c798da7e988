using System.Net;
using System.Text;
using System.Text.Json;

namespace BackupSidecar.Docker;

/// <summary>The calls by which containers of our own are made and removed.</summary>
internal sealed partial class DockerEngine
{
    /// <summary>Removing a container with much data in it takes its time.</summary>
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromMinutes(5);

    private const int FrameHeaderBytes = 8;

    /// <summary>Makes a container, which does not run yet, and returns its id.</summary>
    public async Task<string> CreateAsync(string name, ContainerCreation creation, CancellationToken cancellation)
    {
        var attempt = $"creating container {name}";
        var answer = await SendAsync(
            HttpMethod.Post, $"/containers/create?name={Uri.EscapeDataString(name)}", attempt, StartLimit, cancellation,
            JsonSerializer.SerializeToUtf8Bytes(creation, CreationJson.Default.ContainerCreation));
        ThrowIfRefused(answer, attempt);
        return Read(answer, CreationJson.Default.CreatedContainer, attempt).Id;
    }

    /// <summary>Removes a container, running or not, with its anonymous volumes. One that is not there counts as removed.</summary>
    public async Task RemoveAsync(string id, CancellationToken cancellation)
    {
        var attempt = $"removing container {id}";
        var answer = await SendAsync(HttpMethod.Delete, $"/containers/{Uri.EscapeDataString(id)}?force=true&v=true", attempt, RemovalLimit, cancellation);
        // A conflict: somebody else is removing it just now.
        if (answer.Status is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict))
            ThrowIfRefused(answer, attempt);
    }

    /// <summary>The image of that id, or null if it is not there.</summary>
    public async Task<ImageDetails?> InspectImageAsync(string id, CancellationToken cancellation)
    {
        var attempt = $"looking up image {id}";
        var answer = await SendAsync(HttpMethod.Get, $"/images/{Uri.EscapeDataString(id)}/json", attempt, CallLimit, cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
            return null;
        ThrowIfRefused(answer, attempt);
        return Read(answer, CreationJson.Default.ImageDetails, attempt);
    }

    /// <summary>The last lines that a container has written.</summary>
    public async Task<string> LastLinesAsync(string id, int lines, CancellationToken cancellation)
    {
        var attempt = $"reading the log of container {id}";
        var answer = await SendAsync(
            HttpMethod.Get, $"/containers/{Uri.EscapeDataString(id)}/logs?stdout=true&stderr=true&tail={lines}", attempt, CallLimit, cancellation);
        ThrowIfRefused(answer, attempt);
        return Text(answer.Body);
    }

    /// <summary>Names of the volumes that carry all of the labels with these values.</summary>
    public async Task<IReadOnlyList<string>> ListVolumesAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellation)
    {
        const string attempt = "listing volumes";
        var answer = await SendAsync(HttpMethod.Get, $"/volumes?filters={Filter(labels)}", attempt, CallLimit, cancellation);
        ThrowIfRefused(answer, attempt);
        return [.. (Read(answer, CreationJson.Default.VolumeList, attempt).Volumes ?? []).Select(volume => volume.Name)];
    }

    /// <summary>Removes a volume that no container uses. One that is not there counts as removed.</summary>
    public async Task RemoveVolumeAsync(string name, CancellationToken cancellation)
    {
        var attempt = $"removing volume {name}";
        var answer = await SendAsync(HttpMethod.Delete, $"/volumes/{Uri.EscapeDataString(name)}", attempt, RemovalLimit, cancellation);
        if (answer.Status != HttpStatusCode.NotFound)
            ThrowIfRefused(answer, attempt);
    }

    private static string Filter(IReadOnlyDictionary<string, string> labels) => Uri.EscapeDataString(JsonSerializer.Serialize(
        new Dictionary<string, IEnumerable<string>> { ["label"] = labels.Select(label => $"{label.Key}={label.Value}") },
        DockerJson.Default.DictionaryStringIEnumerableString));

    /// <summary>The text of a log's frames, both streams as they came.</summary>
    private static string Text(ReadOnlySpan<byte> frames)
    {
        var text = new StringBuilder();
        while (frames.Length > FrameHeaderBytes)
        {
            var length = Math.Min(System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frames[4..]), frames.Length - FrameHeaderBytes);
            if (length < 0)
                break;
            text.Append(Encoding.UTF8.GetString(frames.Slice(FrameHeaderBytes, length)));
            frames = frames[(FrameHeaderBytes + length)..];
        }
        return text.ToString().Trim();
    }
}
