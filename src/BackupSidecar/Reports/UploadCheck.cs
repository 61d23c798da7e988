namespace BackupSidecar.Reports;

/// <summary>How a copy was compared with what was sent, right after its upload. Each is more than those above it.</summary>
internal enum UploadCheck
{
    /// <summary>By the size that the store tells.</summary>
    Size,

    /// <summary>By its size and by samples that were read back.</summary>
    Samples,

    /// <summary>By a checksum over all of it that the store computed itself.</summary>
    Checksum,

    /// <summary>By reading all of it back.</summary>
    ReadBack,
}
