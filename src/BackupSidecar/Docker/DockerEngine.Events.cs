using System.Runtime.CompilerServices;
using System.Text.Json;

namespace BackupSidecar.Docker;

internal sealed partial class DockerEngine
{
    /// <summary>What happens to containers from now on, as it happens, until the connection is lost or the token fires.</summary>
    /// <param name="actions">Which actions are told: "start", "die" and so on.</param>
    /// <param name="connected">Called once the engine has begun to tell.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="DockerException">The engine cannot be reached or refuses, or the connection was lost.</exception>
    public async IAsyncEnumerable<ContainerEvent> FollowEventsAsync(
        IReadOnlyList<string> actions, Action connected, [EnumeratorCancellation] CancellationToken cancellation)
    {
        const string Attempt = "following what happens to containers";
        var filters = Uri.EscapeDataString(JsonSerializer.Serialize(
            new Dictionary<string, IEnumerable<string>> { ["type"] = ["container"], ["event"] = actions }, DockerJson.Default.DictionaryStringIEnumerableString));
        using var response = await WithLimitAsync(
            Attempt,
            CallLimit,
            async token =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"{_versionPrefix ??= await NegotiateAsync(token)}/events?filters={filters}");
                return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
            },
            cancellation);
        if (!response.IsSuccessStatusCode)
            ThrowIfRefused(new Answer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation), ApiVersion: null, HttpMethod.Get), Attempt);
        connected();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await NextLineAsync(lines, Attempt, cancellation) is { } line)
        {
            if (line.Length > 0)
                yield return Read(new Answer(response.StatusCode, System.Text.Encoding.UTF8.GetBytes(line), ApiVersion: null, HttpMethod.Get), DockerJson.Default.ContainerEvent, Attempt);
        }
        throw new DockerException($"Docker engine at {_endpoint}: {Attempt} failed. The connection has ended.", status: null, new EndOfStreamException());
    }

    private async Task<string?> NextLineAsync(StreamReader lines, string attempt, CancellationToken cancellation)
    {
        try
        {
            return await lines.ReadLineAsync(cancellation);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new DockerException($"Docker engine at {_endpoint}: {attempt} failed. {error.Message}", status: null, error);
        }
    }
}
