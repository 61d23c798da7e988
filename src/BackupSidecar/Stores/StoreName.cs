namespace BackupSidecar.Stores;

/// <summary>The names of the kinds of store, as <c>--from</c> takes them and reports give them.</summary>
internal static class StoreName
{
    public const string Local = "local";
    public const string S3 = "s3";
}
