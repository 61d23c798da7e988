using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Unpacks with GNU tar, which knows hard links, sparse files, extended attributes, ACLs and names that are not UTF-8. Each
/// entry passes the guard first; then its records go to tar as they stand in the archive.
/// </summary>
internal sealed class TarExtraction : IExtraction
{
    /// <summary>Records of small files are gathered, so that neither we nor tar pay for each of them with a call of the kernel.</summary>
    private const int InputBytes = 256 * 1024;

    private static readonly byte[] EndMark = new byte[1024];

    private readonly string _folder;
    private readonly Expectation _expected;
    private readonly bool _isTree;
    private readonly RunningProcess _tar;
    private readonly BufferedStream _input;
    private readonly SourceTally _tally;
    private readonly List<string> _notes = [];
    private readonly Owners _owners;

    private TarExtraction(string folder, Expectation expected, bool isTree, Owners owners, RunningProcess tar)
    {
        _folder = folder;
        _isTree = isTree;
        _expected = expected;
        _owners = owners;
        _tally = new SourceTally(expected, isByContent: false);
        _tar = tar;
        _input = new BufferedStream(tar.StandardInput, InputBytes);
    }

    public string Root => _expected.Root;

    public IReadOnlyList<string> Notes => _notes;

    /// <param name="folder">A folder that nobody else writes to; receives the tree under the name of its root.</param>
    /// <param name="expected">What must come.</param>
    /// <param name="isTree">Whether that is a directory; else it is a file, or what nobody said of what it is.</param>
    /// <param name="owners">Told of each owner.</param>
    public static TarExtraction Start(string folder, Expectation expected, bool isTree, Owners owners) =>
        new(folder, expected, isTree, owners, RunningProcess.Start(Tar(folder, expected.IsTrusted, owners.AreKept)));

    public void Add(ArchiveEntry entry, CancellationToken cancellation)
    {
        var reason = _tally.Admit(entry, cancellation);
        if (_expected.Manifest is null)
            FreeSpace.CheckEntry(_folder, entry.Bytes);
        if (reason is not null)
            Note(entry, reason);
        else
            _owners.Add(entry.Attributes);
        _tally.Destination = reason is null ? _input : null;
        try
        {
            entry.CopyRecordsTo(_tally);
        }
        catch (IOException) when (_tally.IsBroken)
        {
            throw Failure(_tar.WaitAsync(CancellationToken.None).GetAwaiter().GetResult());
        }
    }

    public async Task FinishAsync(CancellationToken cancellation)
    {
        try
        {
            _input.Write(EndMark);
            _input.Flush();
            _tar.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended early; its exit code and last words say why.
        }
        await _tar.StandardOutput.CopyToAsync(Stream.Null, cancellation);
        var result = await _tar.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failure(result);
        if (result.LastWords.Length > 0)
            _notes.Add($"While unpacking '{_expected.Entry}', tar said: {result.LastWords}");
        if (_owners.Note is { } note)
            _notes.Add(note);
        _tally.Compare();
        CheckRoot();
        if (!_expected.IsTrusted || _owners.HaveLostPrograms)
            await DropPrivilegesAsync(cancellation);
    }

    /// <summary>Whoever brings in what was unpacked looks into it by its name: a link there would lead them out.</summary>
    private void CheckRoot()
    {
        var root = Posix.Find(new RawPath(_folder).Child(RawName.FromLatin1(Root)));
        if (root is not { IsDirectory: true } && (_isTree || root is not { IsFile: true }))
            throw new BackupRefusedException($"The archive is not what a backup looks like: '{_expected.Entry}' is no {(_isTree ? "directory" : "file")}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync();
        await _tally.DisposeAsync();
    }

    private static Command Tar(string folder, bool isTrusted, bool keepsOwners) => new(
        "tar",
        [
            "--extract", "--file=-", "--blocking-factor=512", "--directory=" + folder, "--keep-old-files", "--numeric-owner",
            "--preserve-permissions", "--acls", "--xattrs", isTrusted ? "--xattrs-include=*" : "--xattrs-include=user.*",
            keepsOwners ? "--same-owner" : "--no-same-owner",
        ]);

    /// <summary>Takes the set-user-id and set-group-id bits away from everything that was unpacked.</summary>
    private async Task DropPrivilegesAsync(CancellationToken cancellation)
    {
        var find = new Command("find", _folder, "-xdev", "!", "-type", "l", "-perm", "/6000", "-exec", "chmod", "ug-s", "--", "{}", "+");
        var (result, _) = await RunningProcess.RunAsync(find, cancellation);
        if (!result.Succeeded)
            throw ProcessFailedException.For(find, result);
    }

    private void Note(ArchiveEntry entry, string reason)
    {
        if (_notes.Count < 100)
            _notes.Add($"'{RawName.FromLatin1(entry.Name)}' was left out: {reason}.");
    }

    private IOException Failure(ProcessResult result) =>
        new($"'{_expected.Entry}' could not be unpacked; nothing was restored. {ProcessFailedException.For(new Command("tar"), result).Message}");
}
