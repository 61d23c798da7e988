namespace BackupSidecar.Planning;

/// <summary>Which objects of a store are backups of the kind that is looked for, by their names alone.</summary>
internal interface IBackupNames
{
    /// <summary>What the name of the object that makes a backup one has behind the backup's.</summary>
    string ManifestSuffix { get; }

    /// <summary>With what all names begin, so that a store need not list the others.</summary>
    string Beginning { get; }

    /// <summary>Whether a backup without a manifest may be one of a time without manifests.</summary>
    bool MayBeLegacy { get; }

    /// <summary>Reads the name of a backup (not of its manifest); false for anything else.</summary>
    bool TryParse(string objectName, out ArchiveName name);
}

/// <summary>Archives of one backup name.</summary>
internal sealed class ArchiveNames(string backupName) : IBackupNames
{
    public string ManifestSuffix => ArchiveName.ManifestSuffix;

    public string Beginning => "";

    public bool MayBeLegacy => true;

    public bool TryParse(string objectName, out ArchiveName name) => ArchiveName.TryParse(objectName, backupName, out name);
}

/// <summary>Dumps of labelled databases: of one of them, or of all.</summary>
internal sealed class ArtefactNames : IBackupNames
{
    private readonly ArtefactName? _sample;

    private ArtefactNames(ArtefactName? sample) => _sample = sample;

    public static ArtefactNames All { get; } = new(sample: null);

    public string ManifestSuffix => ArtefactName.MetadataSuffix;

    public string Beginning => _sample?.Beginning ?? "";

    public bool MayBeLegacy => false;

    /// <summary>Those that differ from this one in time and extension at most.</summary>
    public static ArtefactNames Of(ArtefactName sample) => new(sample);

    public bool TryParse(string objectName, out ArchiveName name)
    {
        var isArtefact = ArtefactName.TryParse(objectName, out var found)
            && (_sample is null || (found.Prefix == _sample.Prefix && found.BackupName == _sample.BackupName));
        name = found;
        return isArtefact;
    }
}
