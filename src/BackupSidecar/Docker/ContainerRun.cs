using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Text.Json;

namespace BackupSidecar.Docker;

/// <summary>
/// Runs a program in a container of its own, to its end: made, started, listened to, and removed whatever became of it. The image is
/// pulled if it is not there.
/// </summary>
internal sealed class ContainerRun(DockerEngine engine)
{
    private const int FrameHeaderBytes = 8;
    private const int LongestLine = 16 * 1024;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    /// <summary>Returns the program's exit code.</summary>
    /// <param name="spec">What to run.</param>
    /// <param name="onLine">Called with each line that the program writes, to either of its streams.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <exception cref="DockerException">The container cannot be made, started or asked how it ended.</exception>
    public async Task<int> RunAsync(ContainerSpec spec, Action<string> onLine, CancellationToken cancellation) =>
        await RunAsync(await MakeAsync(spec, cancellation), onLine, cancellation);

    /// <summary>Runs what <see cref="MakeAsync"/> made, once.</summary>
    public async Task<int> RunAsync(string id, Action<string> onLine, CancellationToken cancellation)
    {
        try
        {
            await engine.StartAsync(id, cancellation);
            await ListenAsync(id, onLine, cancellation);
            return await EndAsync(id, cancellation);
        }
        finally
        {
            await engine.RemoveAsync(id, CancellationToken.None);
        }
    }

    /// <summary>Makes the container, with all that may take long, and does not start it. Returns its id; who does not run it removes it.</summary>
    public async Task<string> MakeAsync(ContainerSpec spec, CancellationToken cancellation)
    {
        var attempt = $"making a container of {spec.Image}";
        var body = JsonSerializer.SerializeToUtf8Bytes(spec, DockerJson.Default.ContainerSpec);
        var answer = await engine.SendAsync(HttpMethod.Post, "/containers/create", attempt, CallLimit, cancellation, body);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            await PullAsync(spec.Image, cancellation);
            answer = await engine.SendAsync(HttpMethod.Post, "/containers/create", attempt, CallLimit, cancellation, body);
        }
        engine.ThrowIfRefused(answer, attempt);
        return engine.Read(answer, CreationJson.Default.CreatedContainer, attempt).Id;
    }

    private async Task PullAsync(string image, CancellationToken cancellation)
    {
        // Without a tag, or a digest, the engine would pull every version that there is.
        var name = image[(image.LastIndexOf('/') + 1)..].AsSpan().ContainsAny(':', '@') ? image : image + ":latest";
        var attempt = $"pulling {name}";
        using var response = await engine.OpenAsync(HttpMethod.Post, $"/images/create?fromImage={Uri.EscapeDataString(name)}", attempt, cancellation);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await lines.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length > 0 && JsonSerializer.Deserialize(line, DockerJson.Default.PullProgress)?.Error is { } error)
                throw new DockerException($"{attempt} failed: {error}");
        }
    }

    /// <summary>The engine frames what the two streams of a program say, as it does for programs that it runs in others' containers.</summary>
    private async Task ListenAsync(string id, Action<string> onLine, CancellationToken cancellation)
    {
        var path = $"/containers/{Uri.EscapeDataString(id)}/logs?follow=true&stdout=true&stderr=true";
        using var response = await engine.OpenAsync(HttpMethod.Get, path, $"listening to container {id}", cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var header = new byte[FrameHeaderBytes];
        var line = new StringBuilder();
        var text = Encoding.UTF8.GetDecoder();
        try
        {
            while (await stream.ReadAtLeastAsync(header, FrameHeaderBytes, throwOnEndOfStream: false, cancellation) == FrameHeaderBytes)
                await ReadFrameAsync(stream, BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)), text, line, onLine, cancellation);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            // How the program ended is asked for in any case.
            onLine($"(what it said after this was lost: {error.Message})");
        }
        if (line.Length > 0)
            onLine(line.ToString());
    }

    private static async Task ReadFrameAsync(
        Stream stream, int length, Decoder text, StringBuilder line, Action<string> onLine, CancellationToken cancellation)
    {
        var bytes = new byte[LongestLine];
        var characters = new char[LongestLine + 1];
        while (length > 0)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(0, Math.Min(length, bytes.Length)), cancellation);
            if (read == 0)
                throw new EndOfStreamException();
            length -= read;
            foreach (var character in characters[..text.GetChars(bytes, 0, read, characters, 0)])
                Take(character, line, onLine);
        }
    }

    private static void Take(char character, StringBuilder line, Action<string> onLine)
    {
        if (character is not ('\n' or '\r'))
            line.Append(character);
        if ((character is '\n' or '\r' && line.Length > 0) || line.Length >= LongestLine)
        {
            onLine(line.ToString());
            line.Clear();
        }
    }

    private async Task<int> EndAsync(string id, CancellationToken cancellation)
    {
        while (true)
        {
            var state = (await engine.InspectAsync(id, cancellation))?.State
                ?? throw new DockerException($"Container {id} was removed by somebody else, so nobody knows how its program ended.");
            if (!state.Running)
                return state.ExitCode;
            await Task.Delay(LookPause, cancellation);
        }
    }
}
