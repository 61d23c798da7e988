namespace BackupSidecar.Bench.Comparison;

/// <summary>
/// Every way that is compared, each of ours beside the one that it is measured against. All encrypt with a passphrase; gpg's own
/// compression is off and its key is stretched as ours is. Peers do not flush what they wrote to the disk; ours does.
/// </summary>
internal static class Tools
{
    public const string Fast = "fast";
    public const string FastAndS3 = "fast-s3";
    public const string FastAndServer = "fast-server";
    public const string Balanced = "balanced";
    public const string Zstd = "zstd";
    public const string GzipPipe = "tar-gzip-gpg";
    public const string PigzPipe = "tar-pigz-gpg";
    public const string ZstdPipe = "tar-zstd-gpg";
    public const string Restic = "restic";
    public const string Borg = "borg";

    private const string Encrypt =
        "gpg $GPG -z 0 --s2k-digest-algo SHA512 --s2k-count 65011712 --cipher-algo AES256 --output \"$STORE/archive\" --symmetric";
    private const string Decrypt = "gpg $GPG --decrypt \"$STORE/archive\"";

    /// <param name="bucket">The settings of a bucket (BACKUP_S3_*) whose server does its work elsewhere.</param>
    /// <param name="server">Those of a server on this machine; empty for none.</param>
    public static IReadOnlyList<Tool> All(IReadOnlyDictionary<string, string> bucket, IReadOnlyDictionary<string, string> server)
    {
        List<Tool> tools =
        [
            Ours(Fast, "BackupSidecar, fast", ("BACKUP_COMPRESSION_LEVEL", "fast")),
            OursWithBucket(FastAndS3, "BackupSidecar, fast, and S3", bucket),
            Pipe(GzipPipe, "tar, gzip, gpg", "gzip", "gzip", "--gzip"),
            Ours(Balanced, "BackupSidecar, balanced", ("BACKUP_COMPRESSION_LEVEL", "balanced")),
            Pipe(PigzPipe, "tar, pigz, gpg", "pigz", "pigz", "--use-compress-program=pigz"),
            Ours(Zstd, "BackupSidecar, zstd", ("BACKUP_COMPRESSION", "zstd")),
            Pipe(ZstdPipe, "tar, zstd -3 -T0, gpg", "zstd", "zstd -q -3 -T0", "--zstd"),
            ResticRepository,
            BorgRepository,
        ];
        if (server.Count > 0)
            tools.Insert(2, OursWithBucket(FastAndServer, "BackupSidecar, fast, and an S3 server here", server));
        return tools;
    }

    private static Tool Ours(string name, string title, params (string Name, string Value)[] settings) => new(name, title)
    {
        IsOurs = true,
        // Refuses a setting that this version of the program does not have.
        Probe = OurSettings + "echo \"BackupSidecar $(\"$PROGRAM\" --version)\"; \"$PROGRAM\" check > /dev/null 2>&1",
        Missing = $"this program does not take {string.Join(' ', settings.Select(setting => $"{setting.Name}={setting.Value}"))}",
        Environment = new Dictionary<string, string>(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)))
        {
            // As in the image.
            ["DOTNET_gcServer"] = "0",
            ["DOTNET_GCgen0size"] = "0x400000",
        },
        Commands = new Dictionary<Job, string>
        {
            [Job.Backup] = OurSettings + "exec \"$PROGRAM\" backup",
            [Job.Restore] = OurSettings + "exec \"$PROGRAM\" restore latest --to \"$INTO/all\" --yes",
            [Job.Verify] = OurSettings + "exec \"$PROGRAM\" verify latest --level content",
        },
        Restored = "all/corpus",
    };

    private static Tool OursWithBucket(string name, string title, IReadOnlyDictionary<string, string> s3)
    {
        var local = Ours(name, title, ("BACKUP_COMPRESSION_LEVEL", "fast"));
        return local with
        {
            Environment = local.Environment.Concat(s3).ToDictionary(),
            Commands = local.Commands.Where(command => command.Key == Job.Backup).ToDictionary(),
        };
    }

    private const string OurSettings =
        """
        export BACKUP_NAME=bench BACKUP_DIRS="$CORPUS:corpus" BACKUP_LOCAL_PATH="$STORE" BACKUP_STATE_DIR="$STATE"
        export BACKUP_STAGING_DIR="$STATE" BACKUP_ENCRYPTION_KEY_FILE="$KEY" BACKUP_RETENTION_RECENT=1 BACKUP_RETENTION_MIN=1

        """;

    private static Tool Pipe(string name, string title, string package, string compress, string decompress) => new(name, title)
    {
        Probe = $"tar --version | sed -n 1p; gpg --version | sed -n 1p; {package} --version 2>&1 | sed -n 1p",
        Missing = $"apt-get install {package} gpg",
        Commands = new Dictionary<Job, string>
        {
            [Job.Backup] = $"tar -C \"$CORPUS\" -c . | {compress} | {Encrypt}",
            [Job.Restore] = $"{Decrypt} | tar -C \"$INTO\" {decompress} -xf -",
            [Job.Verify] = $"{Decrypt} | tar {decompress} -tf - > /dev/null",
        },
    };

    private static Tool ResticRepository { get; } = new(Restic, "restic")
    {
        Probe = "restic version",
        Missing = "apt-get install restic",
        Commands = new Dictionary<Job, string>
        {
            [Job.Backup] = ResticSettings + "restic init --quiet && cd \"$CORPUS\" && restic backup --quiet .",
            [Job.Restore] = ResticSettings + "restic restore --quiet latest --target \"$INTO\"",
        },
    };

    private const string ResticSettings =
        "export RESTIC_REPOSITORY=\"$STORE\" RESTIC_PASSWORD_FILE=\"$KEY\" RESTIC_CACHE_DIR=\"$STATE\"\n";

    private static Tool BorgRepository { get; } = new(Borg, "borg, lz4")
    {
        Probe = "borg --version",
        Missing = "apt-get install borgbackup",
        Commands = new Dictionary<Job, string>
        {
            [Job.Backup] = BorgSettings + "borg init --encryption repokey-blake2 && cd \"$CORPUS\" && borg create --compression lz4 ::bench .",
            [Job.Restore] = BorgSettings + "cd \"$INTO\" && borg extract ::bench",
        },
    };

    private const string BorgSettings = "export BORG_REPO=\"$STORE/repository\" BORG_PASSCOMMAND=\"cat $KEY\" BORG_BASE_DIR=\"$STATE\"\n";
}
