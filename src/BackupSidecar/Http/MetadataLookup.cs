using System.Net;
using BackupSidecar.Stores;

namespace BackupSidecar.Http;

/// <summary>
/// <c>/metadata?object=</c>: what is known of one stored backup, its manifest or metadata, from the first store that has it. Names are those of objects, never
/// paths: nothing outside of the folder of the backups can be asked for.
/// </summary>
internal sealed class MetadataLookup(IReadOnlyList<IBackupStore> stores, string backupName)
{
    private const long Largest = 1 << 20;

    private static readonly string[] Endings = [".manifest.json", ".metadata.json"];

    public async Task<HttpAnswer> AnswerAsync(HttpQuestion question, CancellationToken cancellation)
    {
        if (question.Query.GetValueOrDefault("object") is not { Length: > 0 } asked)
            return new HttpAnswer(HttpStatusCode.BadRequest, "Say which object: /metadata?object=NAME\n");
        var name = asked.StartsWith(backupName + "/", StringComparison.Ordinal) ? asked[(backupName.Length + 1)..] : asked;
        if (!ObjectNames.IsFinal(name) || name.Any(char.IsControl))
            return NotThere;
        foreach (var store in stores)
        {
            foreach (var ending in Endings)
            {
                if (await store.FindAsync(name + ending, cancellation) is { Bytes: <= Largest } found)
                    return new HttpAnswer(HttpStatusCode.OK, await ReadAsync(store, found.Name, cancellation), "application/json");
            }
        }
        return NotThere;
    }

    private static HttpAnswer NotThere => new(HttpStatusCode.NotFound, "There is no such backup.\n");

    private static async Task<byte[]> ReadAsync(IBackupStore store, string name, CancellationToken cancellation)
    {
        await using var stream = await store.OpenReadAsync(name, cancellation);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellation);
        return content.ToArray();
    }
}
