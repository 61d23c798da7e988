using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Extraction;

/// <summary>Chooses how a source is unpacked, from how it stands in the archive.</summary>
internal static class Extractions
{
    /// <param name="source">What is unpacked.</param>
    /// <param name="folder">A folder that nobody else writes to; receives the source under its entry's name.</param>
    /// <param name="isTrusted">Whether set-user-id bits, pipes and attributes that grant rights are restored.</param>
    /// <param name="mayLoseOwners">Whether root goes on where it cannot give files to whom they belonged.</param>
    public static IExtraction Start(ArchivedSource source, string folder, bool isTrusted, bool mayLoseOwners)
    {
        var expected = source.Expect(isTrusted);
        var owners = new Owners(source.Entry, mayLoseOwners, Capabilities.Ours);
        return source.Form switch
        {
            ArchivedForm.Tree or ArchivedForm.DumpFolder => TarExtraction.Start(folder, expected, isTree: true, owners),
            ArchivedForm.NestedTree => new NestedExtraction(folder, expected, owners),
            // A dump is nobody's file: what stands in it as owner is root, whoever made it.
            ArchivedForm.File when source.IsByContent => new ContentExtraction(folder, expected, source.Kind is SourceKind.File or SourceKind.Sqlite ? owners : null),
            // Files that tar had read go through tar again, so that all of their attributes come back.
            ArchivedForm.File => TarExtraction.Start(folder, expected, isTree: false, owners),
            _ => throw new InvalidOperationException($"Nothing is known of how to unpack '{source.Form}'."),
        };
    }
}
