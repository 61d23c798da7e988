using System.Formats.Tar;
using BackupSidecar.Archives;
using BackupSidecar.Planning;
using TarWriter = System.Formats.Tar.TarWriter;

namespace BackupSidecar.Tests.Restore;

/// <summary>Tar streams that no backup of ours would hold, spliced into an archive with a manifest that fits them.</summary>
internal static class Tar
{
    public static PaxTarEntry Entry(TarEntryType type, string name, string? link = null, byte[]? content = null)
    {
        var entry = new PaxTarEntry(type, name);
        if (link is not null)
            entry.LinkName = link;
        if (content is not null)
            entry.DataStream = new MemoryStream(content);
        return entry;
    }

    public static IReadOnlyList<ManifestSource> Splice(ArchiveWriter archive, string entry, IReadOnlyList<PaxTarEntry> entries)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, leaveOpen: true))
        {
            foreach (var each in entries)
                tar.WriteEntry(each);
        }
        stream.Position = 0;
        var content = archive.WriteTar(stream, TestContext.Current.CancellationToken);
        return
        [
            new ManifestSource
            {
                Kind = SourceKind.Directory,
                Entry = entry,
                Origin = "/somewhere",
                State = SourceState.Complete,
                Bytes = content.Bytes,
                Entries = content.Entries,
                TarSha256 = content.TarSha256,
            },
        ];
    }
}
