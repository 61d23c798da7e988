using BackupSidecar.Planning;

namespace BackupSidecar.Targets.Extraction;

/// <summary>Chooses how a source is unpacked, from how it stands in the archive.</summary>
internal static class Extractions
{
    /// <param name="source">What is unpacked.</param>
    /// <param name="folder">A folder that nobody else writes to; receives the source under its entry's name.</param>
    /// <param name="isTrusted">Whether set-user-id bits, pipes and attributes that grant rights are restored.</param>
    public static IExtraction Start(ArchivedSource source, string folder, bool isTrusted)
    {
        var expected = source.Expect(isTrusted);
        return source.Form switch
        {
            ArchivedForm.Tree or ArchivedForm.DumpFolder => TarExtraction.Start(folder, expected, isTree: true),
            ArchivedForm.NestedTree => new NestedExtraction(folder, expected),
            ArchivedForm.File when source.IsByContent => new ContentExtraction(folder, expected),
            // Files that tar had read go through tar again, so that all of their attributes come back.
            ArchivedForm.File => TarExtraction.Start(folder, expected, isTree: false),
            _ => throw new InvalidOperationException($"Nothing is known of how to unpack '{source.Form}'."),
        };
    }
}
