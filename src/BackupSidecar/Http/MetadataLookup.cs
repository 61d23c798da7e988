using System.Net;
using BackupSidecar.Stores;

namespace BackupSidecar.Http;

/// <summary>
/// <c>/metadata?object=</c>: what is known of one stored backup, from the first store that has it: the manifest of an archive, or the metadata of
/// the dump of a labelled database. Names are those of backups, never paths: nothing else that lies in the stores can be asked for.
/// </summary>
/// <param name="archives">Where archives are.</param>
/// <param name="labelled">Where dumps of labelled databases are.</param>
/// <param name="backupName">The folder of the archives, which may stand before their names.</param>
internal sealed class MetadataLookup(IReadOnlyList<IBackupStore> archives, IReadOnlyList<IBackupStore> labelled, string backupName)
{
    private const long Largest = 1 << 20;

    public async Task<HttpAnswer> AnswerAsync(HttpQuestion question, CancellationToken cancellation)
    {
        if (question.Query.GetValueOrDefault("object") is not { Length: > 0 } asked)
            return new HttpAnswer(HttpStatusCode.BadRequest, "Say which object: /metadata?object=NAME\n");
        var name = asked.StartsWith(backupName + "/", StringComparison.Ordinal) ? asked[(backupName.Length + 1)..] : asked;
        return await FindAsync(archives, StoreFolder.OfArchives(backupName), name, ".manifest.json", cancellation)
            ?? await FindAsync(labelled, StoreFolder.OfArtefacts, asked, ".metadata.json", cancellation)
            ?? new HttpAnswer(HttpStatusCode.NotFound, "There is no such backup.\n");
    }

    private static async Task<HttpAnswer?> FindAsync(
        IReadOnlyList<IBackupStore> stores, StoreFolder folder, string name, string ending, CancellationToken cancellation)
    {
        if (!ObjectNames.IsFinal(name, folder.IsDeep) || !folder.MayOwn(name) || name.Any(char.IsControl))
            return null;
        foreach (var store in stores)
        {
            if (await store.FindAsync(name + ending, cancellation) is { Bytes: <= Largest } found)
                return new HttpAnswer(HttpStatusCode.OK, await ReadAsync(store, found.Name, cancellation), "application/json");
        }
        return null;
    }

    private static async Task<byte[]> ReadAsync(IBackupStore store, string name, CancellationToken cancellation)
    {
        await using var stream = await store.OpenReadAsync(name, cancellation);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellation);
        return content.ToArray();
    }
}
