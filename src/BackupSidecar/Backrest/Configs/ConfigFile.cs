using BackupSidecar.Failpoints;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Backrest.Configs;

/// <summary>
/// Backrest's config.json. Whoever reads it finds the old text or the new one, never a part, with the owner and the mode that it
/// had: there are passwords in it. What somebody else wrote since it was read is never written over.
/// </summary>
internal sealed class ConfigFile(string path) : IConfigStore
{
    private const string AccessList = "system.posix_acl_access";
    private const string UserAttributes = "user.";
    private const string PrefixMark = "backup-sidecar-prefix-";
    private const string OwnMount = "The file itself is mounted: mount the folder that it lies in, or nobody can replace it in one step.";

    public string Location => path;

    public bool CountsUp => true;

    /// <summary>The file itself, where the path is a link.</summary>
    private string Target => RealPath.Of(path);

    private string Folder => Path.GetDirectoryName(Target) ?? "/";

    private string Fresh => Beside("backup-sidecar-new");

    /// <summary>A file beside the configuration, for what has to be remembered of it.</summary>
    public string Beside(string suffix) => Path.Combine(Folder, $".{Path.GetFileName(Target)}.{suffix}");

    /// <summary>When it was last written, or touched in any other way; null if it is not there.</summary>
    public DateTimeOffset? ChangedBy => Posix.Find(new RawPath(Target))?.ChangedBy;

    /// <summary>Each prefix is noted in an empty file of its own, so that nobody writes over what others note.</summary>
    public IReadOnlyList<string> LongerPrefixes(string prefix, bool mayWrite)
    {
        if (!File.Exists(Target))
            return [];
        var mark = Beside(PrefixMark);
        if (mayWrite && !File.Exists(mark + prefix))
            TryMark(mark + prefix);
        return Guarded<IReadOnlyList<string>>("looked at", () =>
        [
            .. Directory.EnumerateFiles(Folder)
                .Where(found => found.Length > mark.Length + prefix.Length && found.StartsWith(mark + prefix, StringComparison.Ordinal))
                .Select(found => found[mark.Length..]),
        ]);
    }

    public Task<ConfigText?> ReadAsync(CancellationToken cancellation) => GuardedAsync<ConfigText?>("read", () =>
    {
        SweepFresh();
        if (Posix.Find(new RawPath(Target)) is not { } found)
            return null;
        if (!found.IsFile)
        {
            throw new IOException(found.IsDirectory
                ? "It is a directory: a mount makes one where the file was missing on the host."
                : "It is no file but something else: a pipe, a device, or links that lead nowhere.");
        }
        var text = ConfigText.Parse(File.ReadAllBytes(path), path);
        MayFail.At(Failpoint.BackrestConfigRead, cancellation);
        return text;
    });

    public void CheckReplaceable()
    {
        if (!PosixFiles.MayWrite(Folder))
            throw new BackrestException($"{path} could not be written: nothing may be written in {Folder}. Mount it read-write, and run this as root or as the owner of the file.");
        if (MountTable.OfThisProcess().IsMountPoint(Target))
            throw new BackrestException($"{path} could not be written. {OwnMount}");
    }

    public Task<bool> TryReplaceAsync(ConfigText read, byte[] text, CancellationToken cancellation) => GuardedAsync("written", () =>
    {
        SweepFresh();
        using var file = new FileStream(PosixFiles.CreatePrivate(Fresh), FileAccess.ReadWrite);
        try
        {
            Write(file, text);
            MayFail.At(Failpoint.BackrestConfigFlushed, cancellation);
            return read.IsText(File.ReadAllBytes(Target)) && Exchange(read, cancellation);
        }
        finally
        {
            PosixFiles.TryRemove(Fresh);
            PosixFiles.FlushFolder(Folder);
            MayFail.At(Failpoint.BackrestConfigCommitted, cancellation);
        }
    });

    /// <summary>What to do about a file that cannot be read or written, or nothing.</summary>
    public static string Advice(Exception error) => error switch
    {
        { HResult: PosixErrors.Busy } => OwnMount,
        { HResult: PosixErrors.ReadOnly } => "Mount its folder read-write.",
        UnauthorizedAccessException or { HResult: PosixErrors.NotPermitted or PosixErrors.AccessDenied } => "Run this as root, or as the owner of the file.",
        _ => "",
    };

    /// <summary>What somebody who was killed left behind; what is being written now is left alone.</summary>
    private void SweepFresh()
    {
        if (!File.Exists(Fresh))
            return;
        using var left = PosixFiles.OpenShared(Fresh, mayCreate: false);
        if (PosixFiles.IsUnused(left))
            PosixFiles.TryRemove(Fresh);
    }

    /// <summary>Readable by nobody else from its first moment on; then owned and readable as the file that it is to replace.</summary>
    private void Write(FileStream file, byte[] text)
    {
        PosixFiles.MarkInUse(file.SafeFileHandle);
        file.Write(text);
        MayFail.At(Failpoint.BackrestConfigWritten, CancellationToken.None);
        file.Flush(flushToDisk: true);
        var (made, replaced) = (Posix.Find(new RawPath(Fresh)), Posix.Find(new RawPath(Target)));
        if (made is not { } own || replaced is not { } old)
            throw new FileNotFoundException("It went away.");
        if ((own.Owner, own.Group) != (old.Owner, old.Group))
            Posix.SetOwner(new RawPath(Fresh), old.Owner, old.Group);
        // Before the mode, which else would give the file's group what is meant for those that the list names.
        CopyAttributes(new RawPath(Target), new RawPath(Fresh));
        Posix.SetMode(new RawPath(Fresh), old.Permissions);
    }

    /// <summary>Who else may read the file, and what somebody noted of it. A new file may have got a list of its own from its folder.</summary>
    private static void CopyAttributes(RawPath from, RawPath to)
    {
        var wanted = Attributes(from);
        foreach (var extra in Attributes(to).Except(wanted))
            Posix.RemoveAttribute(to, extra);
        foreach (var name in wanted)
            Posix.SetAttribute(to, name, Posix.GetAttribute(from, name));
    }

    private static List<string> Attributes(RawPath path) =>
        [.. Posix.ListAttributes(path).Where(name => name == AccessList || name.StartsWith(UserAttributes, StringComparison.Ordinal))];

    /// <summary>The two take each other's name, so that what was replaced can still be looked at: if it is not what was read, it goes back.</summary>
    private bool Exchange(ConfigText read, CancellationToken cancellation)
    {
        if (!PosixFiles.TryExchange(Fresh, Target))
        {
            File.Move(Fresh, Target, overwrite: true);
            return true;
        }
        MayFail.At(Failpoint.BackrestConfigExchanged, cancellation);
        if (read.IsText(File.ReadAllBytes(Fresh)))
            return true;
        PosixFiles.TryExchange(Fresh, Target);
        return false;
    }

    /// <summary>Where that cannot be made, no plans can be written either; or somebody made it this moment.</summary>
    private static void TryMark(string path)
    {
        try
        {
            PosixFiles.CreatePrivate(path).Dispose();
        }
        catch (IOException)
        {
            // What others have noted counts all the same.
        }
    }

    private Task<T> GuardedAsync<T>(string attempt, Func<T> work) => Task.FromResult(Guarded(attempt, work));

    private T Guarded<T>(string attempt, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackrestException($"{path} could not be {attempt}. {error.Message} {Advice(error)}".TrimEnd(), error);
        }
    }
}
