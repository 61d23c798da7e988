using System.Text.RegularExpressions;

namespace BackupSidecar.Stores;

/// <summary>
/// The folder of a store that one kind of backup has to itself, and how the backups in it are called: so what killed runs left of
/// them is known. The folder of archives is that of their name. Labelled databases say which folder of all they want, so theirs is
/// the root, and their names have folders in them.
/// </summary>
internal sealed class StoreFolder
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    private readonly Regex _backup;

    private StoreFolder(string path, bool isDeep, string backup)
    {
        (Path, IsDeep) = (path, isDeep);
        _backup = new Regex($"^{backup}", RegexOptions.ExplicitCapture, MatchLimit);
    }

    /// <summary>Without slashes at its ends; empty for the root.</summary>
    public string Path { get; }

    /// <summary>Whether names have folders in them.</summary>
    public bool IsDeep { get; }

    public static StoreFolder OfArchives(string backupName) =>
        new(backupName, isDeep: false, $@"{Regex.Escape(backupName)}-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}-[0-9]{{6}}\.");

    public static StoreFolder OfArtefacts { get; } =
        new("", isDeep: true, @"([^/]+/)*(postgres|mysql|mongodb|redis)-[A-Za-z0-9._-]+-[0-9]{14}\.(dump|sql|archive|rdb)\.gz");

    /// <summary>Whether an object of that name may be one of ours: a backup, or what belongs to one.</summary>
    public bool MayOwn(string name) => _backup.IsMatch(name);

    public string Check(string name) => ObjectNames.Check(name, IsDeep);
}
