namespace BackupSidecar.Configuration.Input;

/// <summary>A name that another tool has for a setting of ours. <see cref="Convert"/> turns its value into ours.</summary>
internal sealed record Alias(string Name, Setting Setting, Func<string, Layer, string>? Convert = null)
{
    private static readonly Alias Bucket = new("AWS_S3_BUCKET_NAME", SettingTable.S3Bucket);

    /// <summary>The bucket comes first: the other names of AWS count only where it was named by its alias.</summary>
    public static IReadOnlyList<Alias> All { get; } =
    [
        Bucket,
        new("AWS_ENDPOINT", SettingTable.S3Endpoint, ToEndpoint),
        new("AWS_ACCESS_KEY_ID", SettingTable.S3AccessKey),
        new("AWS_SECRET_ACCESS_KEY", SettingTable.S3SecretKey),
        new("AWS_SESSION_TOKEN", SettingTable.S3SessionToken),
        new("AWS_PART_SIZE", SettingTable.S3PartSize, (text, _) => text.Trim() + "MiB"),
        new("GPG_PASSPHRASE", SettingTable.EncryptionKey),
        new("GPG_PUBLIC_KEY_RING_FILE", SettingTable.RecipientsFile),
        new("BACKUP_CRON_EXPRESSION", SettingTable.Schedule),
        new("BACKUP_ARCHIVE", SettingTable.LocalPath),
        new("BACKUP_SOURCES", SettingTable.Directories),
        new("GZIP_PARALLELISM", SettingTable.CompressionThreads),
        new("HTTP_PORT", HttpSettingTable.Port),
    ];

    /// <summary>
    /// Whether it counts only beside the alias of the bucket. Otherwise such a variable belongs to the AWS SDK, which looks
    /// at it by itself.
    /// </summary>
    public bool NeedsBucketAlias => this != Bucket && Name.StartsWith("AWS_", StringComparison.Ordinal);

    public bool HasFileTwin => !Name.EndsWith("_FILE", StringComparison.Ordinal);

    /// <summary>Whether a variable is an alias or its file twin.</summary>
    public static bool IsKnown(string variable) =>
        All.Concat(LabelFrontDoor.Aliases).Any(alias => variable == alias.Name || (alias.HasFileTwin && variable == alias.Name + "_FILE"));

    private static string ToEndpoint(string host, Layer layer) =>
        host.Contains("://") ? host : $"{layer.Find("AWS_ENDPOINT_PROTO") ?? "https"}://{host}";
}
