using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;

namespace BackupSidecar.Runs;

/// <summary>Says of backups whose key is not configured which key that is, until when it was used, and where to set it.</summary>
internal static class OtherKeys
{
    public static IEnumerable<(ArchiveName Name, StoredCopy Copy)> Name(IReadOnlyList<(ArchiveName Name, StoredCopy Copy)> found)
    {
        // What such a manifest says of its key is only a hint: nobody vouches for it.
        var lastUsed = found.Where(each => each.Copy.State == CatalogState.OtherKey)
            .GroupBy(each => KeyOf(each.Copy), each => each.Name.LocalTime)
            .ToDictionary(times => times.Key, times => times.Max());
        return found.Select(each => each.Copy.State != CatalogState.OtherKey ? each : each with
        {
            Copy = each.Copy with { Problem = Problem(each.Copy, lastUsed[KeyOf(each.Copy)]) },
        });
    }

    private static string KeyOf(StoredCopy copy) => copy.Manifest?.Key?.Id ?? "";

    private static string Problem(StoredCopy copy, DateTime lastUsed)
    {
        var setting = copy.Manifest?.Key?.Origin == ManifestKey.SigningKey ? SettingTable.OldSigningKey : SettingTable.OldEncryptionKey;
        return $"it was made with another key (id {KeyOf(copy)}, in use until {lastUsed:yyyy-MM-dd}): set {setting.Name}_1 (or the next free number) to that key";
    }
}
