using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>
/// GNU tar as the reader of files: it keeps every byte of a name, hard links, holes, attributes and owners, which .NET
/// does not. Its stream goes into the archive, and its complaints into the manifest.
/// </summary>
/// <param name="directory">What the member's name is relative to.</param>
/// <param name="member">The file or directory to read, from <c>./</c> on.</param>
/// <param name="replaced">A regular expression for the part of each name that gives way to the entry's name.</param>
/// <param name="entryName">The name of the entry.</param>
internal sealed class GnuTar(string directory, string member, string replaced, string entryName)
{
    /// <summary>Members (from <c>./</c> on) that are left out with all that they hold.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>"GNU tar" with its version.</summary>
    /// <exception cref="SourceException">There is no GNU tar.</exception>
    public static async Task<string> VersionAsync(CancellationToken cancellation)
    {
        const string name = "tar (GNU tar) ";
        try
        {
            var (_, output) = await RunningProcess.RunAsync(new Command("tar", "--version"), cancellation);
            return output.StartsWith(name, StringComparison.Ordinal)
                ? "GNU tar " + output[name.Length..].Split('\n')[0]
                : throw new SourceException("files are read with GNU tar, and the tar here is another one; install it");
        }
        catch (ProcessFailedException failure)
        {
            throw new SourceException(failure.Message, failure);
        }
    }

    /// <summary>Reads everything into the archive. Blocks its thread; on cancellation tar is killed.</summary>
    public ManifestSource WriteTo(ArchiveWriter archive, SourcePlan plan, string origin, CancellationToken cancellation) =>
        WriteAsync(archive, plan, origin, cancellation).GetAwaiter().GetResult();

    private async Task<ManifestSource> WriteAsync(ArchiveWriter archive, SourcePlan plan, string origin, CancellationToken cancellation)
    {
        var source = new ManifestSource
        {
            Kind = plan.Kind,
            Entry = plan.EntryName,
            Origin = origin,
            State = SourceState.Failed,
            Consistency = "read file by file",
            Tool = await VersionAsync(cancellation),
        };
        var complaints = new TarComplaints(directory, Capabilities.Ours);
        await using var tar = RunningProcess.Start(Command(), complaints.Add);
        tar.StandardInput.Close();
        await using var killing = cancellation.Register(tar.Kill);

        using var stream = new PeekedStream(tar.StandardOutput);
        // A tar that cannot begin writes nothing at all. Nothing is spliced then, and the archive stays good.
        var content = stream.IsEmpty ? new TarContent(0, 0, "") : await SpliceAsync(archive, stream, tar, cancellation);
        var result = await tar.WaitAsync(cancellation);
        var problem = complaints.Problem(result);
        if (content.Entries == 0)
            return source with { Problem = $"tar could read nothing: {problem ?? result.LastWords}" };
        return source with
        {
            State = problem is null ? SourceState.Complete : SourceState.Incomplete,
            Bytes = content.Bytes,
            Entries = content.Entries,
            TarSha256 = content.TarSha256,
            Skipped = complaints.Skipped,
            Problem = problem,
        };
    }

    private static async Task<TarContent> SpliceAsync(
        ArchiveWriter archive, PeekedStream stream, RunningProcess tar, CancellationToken cancellation)
    {
        try
        {
            var content = archive.WriteTar(stream, cancellation);
            // What follows the end mark is padding, and tar waits until somebody takes it.
            stream.CopyTo(Stream.Null);
            return content;
        }
        catch (InvalidDataException failure)
        {
            tar.Kill();
            var result = await tar.WaitAsync(CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            throw new InvalidDataException($"{failure.Message} (tar, exit code {result.ExitCode}: {result.LastWords})", failure);
        }
    }

    private Command Command() => new("tar",
    [
        // Blocks of 1 MiB: fewer and larger reads and writes.
        "--create", "--blocking-factor=2048", "--format=pax", "--sparse", "--xattrs", "--acls", "--numeric-owner",
        "--directory=" + directory,
        // Flags: regular names and hard link targets are replaced, symbolic link targets are not.
        $"--transform=flags=rSh;s/{replaced}/{EscapeReplacement(entryName)}/",
        "--quoting-style=escape", "--no-unquote",
        "--anchored", "--no-wildcards", .. Excluded.Select(path => "--exclude=" + path),
        // What a restore into this directory has staged in it.
        "--wildcards", "--no-wildcards-match-slash", $"--exclude=./{OwnNames.Prefix}*",
        "--", member,
    ]);

    private static string EscapeReplacement(string name) =>
        name.Replace(@"\", @"\\").Replace("&", @"\&").Replace("/", @"\/");
}
