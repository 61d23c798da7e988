using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;

namespace BackupSidecar.Planning;

/// <summary>What makes a plan one for a labelled database: the backup is its dump and nothing else, and has names of its own.</summary>
internal sealed record ArtefactPlan
{
    public required LabelledDatabase Labelled { get; init; }

    /// <summary>".dump.gz" and its kin.</summary>
    public required string Extension { get; init; }

    /// <summary>The name of a backup that begins then.</summary>
    public ArtefactName NameAt(DateTimeOffset time) =>
        new(Labelled.Prefix, Labelled.Kind, Labelled.Database, time.UtcDateTime.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond)), Extension);
}

/// <summary>Decides from a labelled database and the settings what a backup of it will do, and what of the settings holds for it.</summary>
internal static class ArtefactPlanner
{
    public static BackupPlan Plan(LabelledDatabase labelled, Settings settings)
    {
        var extension = $"{ArtefactName.DumpExtension(labelled.Kind)}.gz{(settings.Archive.IsEncrypted ? ".gpg" : "")}";
        var artefact = new ArtefactPlan { Labelled = labelled, Extension = extension };
        var source = new DatabaseSourcePlan(
            labelled.Kind, artefact.NameAt(DateTimeOffset.UnixEpoch).EntryName, DatabaseOf(labelled), labelled.Uri.Uri, Origin(labelled))
        {
            Options = labelled.Uri.Options,
            Naming = EntryNaming.Given,
            IsStreamed = true,
        };
        return new BackupPlan { Name = NameOf(labelled), Sources = [source], ArchiveExtension = extension, Artefact = artefact };
    }

    /// <summary>Services and hooks belong to archives: the backup of one database stops nothing and runs nothing.</summary>
    public static Settings SettingsOf(LabelledDatabase labelled, Settings settings) => settings with
    {
        Name = NameOf(labelled),
        Timeout = settings.Labels?.Timeout,
        Services = settings.Services with { Stop = [] },
        Hooks = settings.Hooks with { Directory = null, PreCommand = null, PostCommand = null },
        Archive = settings.Archive with { Compression = Compression.Gzip },
        Retention = RetentionOf(labelled.Retention, settings),
        TimeZone = TimeZoneInfo.Utc,
    };

    /// <summary>Only how long: what the operator says of days and counts is meant for archives.</summary>
    /// <param name="wanted">What the database asks for; zero: for ever; null: what the operator says.</param>
    /// <param name="settings">What the operator says.</param>
    public static RetentionSettings RetentionOf(TimeSpan? wanted, Settings settings) => new()
    {
        Age = (wanted ?? settings.Labels?.Retention) is { Ticks: > 0 } age ? age : null,
        Minimum = settings.Retention.Minimum,
        MaximumDeletions = settings.Retention.MaximumDeletions,
    };

    /// <summary>What reports and the history call it: the same for all of its backups, whichever container holds it, and another one for every database.</summary>
    public static string NameOf(LabelledDatabase labelled) =>
        $"{labelled.Identity}:{ArtefactName.Folder(labelled.Prefix)}{labelled.Kind}-{labelled.Database}";

    private static string DatabaseOf(LabelledDatabase labelled)
    {
        var uri = labelled.Uri.Uri.Reveal();
        return labelled.Kind switch
        {
            SourceKind.Postgres when PostgresUri.TryParse(uri, out var postgres, out _) => postgres.Database,
            SourceKind.Mysql when MysqlUri.TryParse(uri, out var mysql, out _) => mysql.Database,
            SourceKind.Mongodb when MongodbUri.TryParse(uri, out var mongodb, out _) => mongodb.Database,
            _ => labelled.Database,
        };
    }

    private static string Origin(LabelledDatabase labelled) => $"{labelled.Kind} '{labelled.Database}' of container {labelled.ContainerName}";
}
