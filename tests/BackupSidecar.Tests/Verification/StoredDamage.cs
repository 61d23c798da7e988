using System.Text;
using System.Text.Json.Nodes;
using BackupSidecar.Planning;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Verification;

/// <summary>What may happen to a stored backup behind our back, with the words that must tell of it. A backup that is whole lies beside it.</summary>
internal sealed record StoredDamage(string Words, Func<IBackupStore, ArchiveName, ArchiveName, CancellationToken, Task> DoAsync)
{
    public static Dictionary<string, StoredDamage> All { get; } = new(StringComparer.Ordinal)
    {
        ["a bit flipped at the start"] = Changed("its bytes are not those that were written", bytes => Flip(bytes, 0)),
        ["a bit flipped in the middle"] = Changed("its bytes are not those that were written", bytes => Flip(bytes, bytes.Length / 2)),
        ["a bit flipped at the end"] = Changed("its bytes are not those that were written", bytes => Flip(bytes, bytes.Length - 1)),
        ["cut by a byte"] = Changed("but the manifest says", bytes => bytes[..^1]),
        ["cut in half"] = Changed("but the manifest says", bytes => bytes[..(bytes.Length / 2)]),
        ["empty"] = Changed("but the manifest says", _ => []),
        ["a piece missing in the middle"] = Changed("but the manifest says", bytes => [.. bytes[..(bytes.Length / 3)], .. bytes[(bytes.Length / 2)..]]),
        ["a byte behind its end"] = Changed("but the manifest says", bytes => [.. bytes, 0]),
        ["the archive of another backup"] = new("the manifest says", async (store, name, other, token) =>
            await ReplaceAsync(store, name.FileName, await ReadAsync(store, other.FileName, token), token)),
        ["an archive that is not encrypted"] = Changed("but the manifest says", _ => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ["an archive of the same size that is not encrypted"] = Changed(
            "its bytes are not those that were written", bytes => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, .. bytes[10..]]),
        ["an edited manifest"] = new("was changed, or was signed with another key", async (store, name, _, token) =>
            await ReplaceAsync(store, name.ManifestFileName, Edited(await ReadAsync(store, name.ManifestFileName, token)), token)),
        ["the manifest of another backup"] = new("belongs to another archive", async (store, name, other, token) =>
            await ReplaceAsync(store, name.ManifestFileName, await ReadAsync(store, other.ManifestFileName, token), token)),
        ["a tail of zeros"] = Changed("its bytes are not those that were written", bytes => [.. bytes[..^100], .. new byte[100]]),
        ["an old backup under its name"] = new("belongs to another archive", async (store, name, other, token) =>
        {
            await ReplaceAsync(store, name.FileName, await ReadAsync(store, other.FileName, token), token);
            await ReplaceAsync(store, name.ManifestFileName, await ReadAsync(store, other.ManifestFileName, token), token);
        }),
        ["a manifest that nobody signed"] = OfManifest("nobody signed", Unsigned),
        ["a manifest cut in half"] = OfManifest("its manifest cannot be read", manifest => manifest[..(manifest.Length / 2)]),
        ["a manifest and something behind it"] = OfManifest("its manifest cannot be read", manifest => [.. manifest, .. "{}"u8]),
        ["a manifest without a byte"] = OfManifest("its manifest cannot be read", _ => []),
        ["no archive any more"] = new("the archive itself is gone", (store, name, _, token) => store.DeleteAsync(name.FileName, token)),
        ["no manifest any more"] = new("has no manifest", (store, name, _, token) => store.DeleteAsync(name.ManifestFileName, token)),
    };

    private static StoredDamage Changed(string words, Func<byte[], byte[]> change) => new(words, async (store, name, _, token) =>
        await ReplaceAsync(store, name.FileName, change(await ReadAsync(store, name.FileName, token)), token));

    private static StoredDamage OfManifest(string words, Func<byte[], byte[]> change) => new(words, async (store, name, _, token) =>
        await ReplaceAsync(store, name.ManifestFileName, change(await ReadAsync(store, name.ManifestFileName, token)), token));

    private static byte[] Unsigned(byte[] manifest)
    {
        var document = JsonNode.Parse(manifest)!.AsObject();
        document.Remove("authentication");
        return Encoding.UTF8.GetBytes(document.ToJsonString());
    }

    private static byte[] Flip(byte[] bytes, int position)
    {
        bytes[position] ^= 4;
        return bytes;
    }

    private static byte[] Edited(byte[] manifest)
    {
        var document = JsonNode.Parse(manifest)!.AsObject();
        document["createdBy"] = "somebody else";
        return Encoding.UTF8.GetBytes(document.ToJsonString());
    }

    private static async Task<byte[]> ReadAsync(IBackupStore store, string name, CancellationToken token)
    {
        await using var stream = await store.OpenReadAsync(name, token);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, token);
        return bytes.ToArray();
    }

    private static async Task ReplaceAsync(IBackupStore store, string name, byte[] content, CancellationToken token)
    {
        await store.DeleteAsync(name, token);
        await store.PutAsync(name, content, token);
    }
}
