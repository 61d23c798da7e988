using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Planning;

/// <summary>
/// The name of a backup that is the dump of one labelled database and nothing else, as Label Backup has it:
/// <c>[prefix/]kind-database-yyyyMMddHHmmss</c> in UTC, with an extension that says what the dump is (<c>.dump.gz</c>, <c>.sql.gz</c>,
/// <c>.archive.gz</c>, <c>.rdb.gz</c>, then <c>.gpg</c> if encrypted). It is the whole name in a store. "Local" time is in UTC here, whatever
/// the zone of the place is.
/// </summary>
internal sealed partial record ArtefactName(string Prefix, string Kind, string Database, DateTime LocalTime, string Extension)
    : ArchiveName($"{Kind}-{Database}", LocalTime, Extension)
{
    public const string MetadataSuffix = ".metadata.json";

    private const string UtcFormat = "yyyyMMddHHmmss";

    public override string Timestamp => LocalTime.ToString(UtcFormat, CultureInfo.InvariantCulture);

    public override string FileName => $"{Beginning}{Timestamp}{Extension}";

    public override string ShortName => FileName;

    public override string ManifestFileName => FileName + MetadataSuffix;

    /// <summary>With what the names of all backups of this database begin; those of others may do so too.</summary>
    public string Beginning => $"{Folder(Prefix)}{BackupName}-";

    /// <summary>What the dump is called once it is unpacked: by what it is, since Label Backup calls all of them ".dump.gz".</summary>
    public string EntryName => BackupName + DumpExtension(Kind);

    /// <summary>The folder below the root of a store, with the slash at its end; nothing for the root itself.</summary>
    public static string Folder(string prefix) => prefix.Length == 0 ? "" : prefix + "/";

    /// <summary>What the name of a plain dump ends with.</summary>
    public static string DumpExtension(string kind) => kind switch
    {
        SourceKind.Postgres => ".dump",
        SourceKind.Mysql => ".sql",
        SourceKind.Mongodb => ".archive",
        SourceKind.Redis => ".rdb",
        _ => throw new ArgumentException($"There is no database engine '{kind}'.", nameof(kind)),
    };

    /// <summary>Reads the name of an object (not of its metadata); false for what cannot be one of ours or of Label Backup.</summary>
    public static bool TryParse(string objectName, out ArtefactName name)
    {
        name = null!;
        var slash = objectName.LastIndexOf('/');
        var match = Shape().Match(objectName[(slash + 1)..]);
        if (!match.Success
            || !DateTime.TryParseExact(match.Groups["time"].Value, UtcFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return false;
        var prefix = slash < 0 ? "" : objectName[..slash];
        name = new ArtefactName(prefix, match.Groups["kind"].Value, match.Groups["database"].Value, time, match.Groups["extension"].Value);
        return true;
    }

    [GeneratedRegex(
        @"^(?<kind>postgres|mysql|mongodb|redis)-(?<database>[A-Za-z0-9._-]+)-(?<time>[0-9]{14})(?<extension>\.(dump|sql|archive|rdb)\.gz(\.gpg)?)\z",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Shape();
}
