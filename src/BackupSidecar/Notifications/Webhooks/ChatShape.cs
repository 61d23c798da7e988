using System.Text;
using System.Text.Json.Nodes;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>Text in the form that a chat's incoming webhook takes, told by its address.</summary>
internal static class ChatShape
{
    public const string Json = "application/json";

    /// <summary>Discord takes 2,000 characters; Slack cuts long texts where it likes.</summary>
    private const int LongestText = 1_900;

    /// <summary>The body to post; null if the address is not that of a chat.</summary>
    public static string? Of(Uri url, string text)
    {
        var isDiscord = IsOf(url, "discord.com") || IsOf(url, "discordapp.com");
        var asSlack = url.Host == "hooks.slack.com" || (isDiscord && url.AbsolutePath.EndsWith("/slack", StringComparison.Ordinal));
        var shown = Encoding.UTF8.GetString(PingBody.Fit(text, LongestText));
        if (asSlack)
            return new JsonObject { ["text"] = shown.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;") }.ToJsonString();
        // Nobody is called by what stands in a message of a program.
        return isDiscord ? new JsonObject { ["content"] = shown, ["allowed_mentions"] = new JsonObject { ["parse"] = new JsonArray() } }.ToJsonString() : null;
    }

    private static bool IsOf(Uri url, string domain) =>
        (url.Host == domain || url.Host.EndsWith("." + domain, StringComparison.Ordinal)) && url.AbsolutePath.StartsWith("/api/webhooks/", StringComparison.Ordinal);
}
