using System.Net;
using System.Text.Json;

namespace BackupSidecar.Docker;

/// <summary>What the engine answered to one call, whole.</summary>
internal sealed record EngineAnswer(HttpStatusCode Status, byte[] Body, string? ApiVersion, HttpMethod Method)
{
    private const int MessageLimit = 500;

    /// <summary>What the other side said: the engine's message, or the text of a proxy, in one line.</summary>
    public string Message
    {
        get
        {
            var text = System.Text.Encoding.UTF8.GetString(Body);
            var line = string.Join(' ', (EngineMessage() ?? text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return line.Length == 0 ? "no reason given." : EndSentence(line.Length > MessageLimit ? line[..MessageLimit] + "…" : line);
        }
    }

    private static string EndSentence(string text) => text[^1] is '.' or '>' or '…' ? text : text + ".";

    private string? EngineMessage()
    {
        try
        {
            return JsonSerializer.Deserialize(Body, DockerJson.Default.EngineError)?.Message;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
