using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Planning;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Artefacts;

namespace BackupSidecar.Commands;

/// <summary>A restore that means a labelled database: which backups come into question, and which container it goes to, if to any.</summary>
/// <param name="Plan">The database as it is now, or nothing where the dump is only unpacked.</param>
/// <param name="Form">Which backups.</param>
/// <param name="Options">What is wanted of them.</param>
/// <param name="Identity">The container's; null where the dump is only unpacked.</param>
internal sealed record LabelledRestore(BackupPlan Plan, BackupForm Form, RestoreOptions Options, string? Identity)
{
    /// <summary>Null where an archive is meant.</summary>
    /// <exception cref="LabelException">A labelled database is meant, and it cannot be told which.</exception>
    public static async Task<LabelledRestore?> FindAsync(Composition program, RestoreOptions options, CancellationToken cancellation)
    {
        if (ArtefactName.TryParse(options.Backup, out var name))
            return await OfBackupAsync(program, name, options, cancellation);
        var isArchive = options.Backup == RestoreOptions.Latest || ArchiveName.TryParseTimestamp(options.Backup, out _)
            || ArchiveName.TryParse(options.Backup, program.Settings.Name, out _);
        return isArchive || program.Settings.Labels is null ? null : await OfContainerAsync(program, options, cancellation);
    }

    private static async Task<LabelledRestore> OfBackupAsync(Composition program, ArtefactName name, RestoreOptions options, CancellationToken cancellation)
    {
        var form = BackupForm.OfArtefacts(program.Settings) with { Names = ArtefactNames.Of(name) };
        if (options.ToDirectory is not null)
            return new LabelledRestore(Nowhere(name.Extension), form, options, Identity: null);
        var same = (await program.LabelSearch().AllAsync(cancellation))
            .Where(labelled => (labelled.Prefix, $"{labelled.Kind}-{labelled.Database}") == (name.Prefix, name.BackupName)).ToList();
        return same is [var database]
            ? new LabelledRestore(ArtefactPlanner.Plan(database, program.Settings), form, options, database.Identity)
            : throw new LabelException(same.Count == 0
                ? $"No container has labels for the database of {name.FileName}. Start the one that it goes to, or unpack the dump: --to DIR"
                : $"{name.FileName} may go to {string.Join(" or ", same.Select(labelled => labelled.ContainerName))}. Give each a backup.prefix of its own, or unpack the dump: --to DIR");
    }

    private static async Task<LabelledRestore> OfContainerAsync(Composition program, RestoreOptions options, CancellationToken cancellation)
    {
        var latest = options with { Backup = RestoreOptions.Latest };
        if (await TryFindAsync(program, options, cancellation) is { } labelled)
        {
            var plan = ArtefactPlanner.Plan(labelled, program.Settings);
            return new LabelledRestore(plan, BackupForm.Of(plan, program.Settings), latest, labelled.Identity);
        }
        // The container may be gone with all else: what was backed up of it says whose it was.
        var form = BackupForm.OfArtefacts(program.Settings) with { IsMeant = manifest => manifest.Container is { } of && (of.Name == options.Backup || of.Identity == options.Backup) };
        return new LabelledRestore(Nowhere(""), form, latest, Identity: null);
    }

    /// <summary>Where the dump is only unpacked it does not matter whether the container is still there.</summary>
    private static async Task<LabelledDatabase?> TryFindAsync(Composition program, RestoreOptions options, CancellationToken cancellation)
    {
        try
        {
            return await program.LabelSearch().FindAsync(options.Backup, cancellation);
        }
        catch (Exception failure) when (options.ToDirectory is not null && failure is LabelException or DockerException)
        {
            return null;
        }
    }

    private static BackupPlan Nowhere(string extension) => new() { Name = "labels", Sources = [], ArchiveExtension = extension };
}
