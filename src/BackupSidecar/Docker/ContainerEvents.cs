using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Docker;

/// <summary>
/// What happens to containers, for as long as anybody listens. A stream that breaks is taken up again; what happened meanwhile
/// is told as <see cref="ContainerChange.Unknown"/>, which also stands at the beginning: whoever then looks at all
/// containers, and after that at each event, misses nothing.
/// </summary>
internal sealed class ContainerEvents(DockerEngine engine, TimeProvider time, ILogger log)
{
    private const string Attempt = "following events";
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private static readonly string Query = "/events?filters=" + Uri.EscapeDataString(JsonSerializer.Serialize(
        new Dictionary<string, IEnumerable<string>> { ["type"] = ["container"], ["event"] = ContainerEvent.Told.Keys },
        DockerJson.Default.DictionaryStringIEnumerableString));

    private bool _isAway;

    /// <summary>Ends by cancellation only. An engine that is away is told of once, and asked again until it is back.</summary>
    public async IAsyncEnumerable<ContainerEvent> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var failures = 0; ; failures++)
        {
            if (failures > 0)
                await Task.Delay(Pause(failures), time, cancellation);
            using var response = await TryOpenAsync(cancellation);
            if (response is null)
                continue;
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
            yield return ContainerEvent.Unknown;
            while (await TryReadAsync(lines, cancellation) is { } line)
            {
                failures = 0;
                if (Parse(line) is { } told)
                    yield return told;
            }
        }
    }

    private static TimeSpan Pause(int failures) =>
        TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - 1), LongestPause.TotalSeconds));

    private async Task<HttpResponseMessage?> TryOpenAsync(CancellationToken cancellation)
    {
        try
        {
            var response = await engine.OpenAsync(HttpMethod.Get, Query, Attempt, cancellation);
            if (_isAway)
                log.LogInformation("The events of the Docker engine are followed again.");
            _isAway = false;
            return response;
        }
        catch (DockerException error)
        {
            if (!_isAway)
                log.LogWarning("The events of the Docker engine cannot be followed; this is tried again. {Problem}", error.Message);
            _isAway = true;
            return null;
        }
    }

    /// <summary>Null at the end of the stream, however it came about.</summary>
    private async Task<string?> TryReadAsync(StreamReader lines, CancellationToken cancellation)
    {
        try
        {
            return await lines.ReadLineAsync(cancellation);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            log.LogDebug("The stream of events broke: {Problem}", error.Message);
            return null;
        }
    }

    private ContainerEvent? Parse(string line)
    {
        try
        {
            return line.Length == 0 ? null : ContainerEvent.Parse(line);
        }
        catch (JsonException error)
        {
            log.LogWarning("An event of the Docker engine cannot be read; all containers are looked at instead. {Problem}", error.Message);
            return ContainerEvent.Unknown;
        }
    }
}
