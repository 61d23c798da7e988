using BackupSidecar.Bench.Content;

namespace BackupSidecar.Bench.Comparison;

/// <summary>
/// The folder of one comparison, all of it on one disk, except that restores go to memory where there is enough. Whoever made it removes it,
/// and the folder of the same name in memory.
/// </summary>
internal sealed class Workspace
{
    private const string SharedMemory = "/dev/shm";
    private readonly string _root;
    private readonly string _restored;
    private readonly string _program;
    private int _restores;

    /// <param name="root">An empty folder.</param>
    /// <param name="program">Our program.</param>
    /// <param name="mebibytes">Size of the corpus.</param>
    public Workspace(string root, string program, int mebibytes)
    {
        _root = root;
        _program = program;
        RestoresToMemory = new DriveInfo(SharedMemory).AvailableFreeSpace > 2L * mebibytes * 1024 * 1024;
        _restored = RestoresToMemory ? Directory.CreateDirectory($"{SharedMemory}/{Path.GetFileName(_root)}").FullName : Folder("restored");
        Shell = new Shell(_root);
        Folder("gnupg");
        File.SetUnixFileMode(Path.Combine(_root, "gnupg"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(_root, "key"), "a passphrase for measuring only\n");
        File.SetUnixFileMode(Path.Combine(_root, "key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Folder("corpus");
        new Corpus(Corpus, mebibytes).Make();
        Digest = TreeDigest.Of(Corpus);
    }

    public Shell Shell { get; }

    public bool RestoresToMemory { get; }

    public string Corpus => Path.Combine(_root, "corpus");

    public int Files => Directory.EnumerateFiles(Corpus, "*", SearchOption.AllDirectories).Count();

    /// <summary>What every restore must have.</summary>
    public string Digest { get; }

    /// <summary>What the tool's commands find in their environment.</summary>
    public Dictionary<string, string> EnvironmentOf(Tool tool, string into = "") => new(tool.Environment)
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, // Without it nothing would have been found so far.
        ["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "",
        ["HOME"] = _root,
        ["LC_ALL"] = "C.UTF-8",
        ["TZ"] = "UTC",
        ["GNUPGHOME"] = Path.Combine(_root, "gnupg"),
        ["GPG"] = $"--batch --yes --quiet --no-autostart --pinentry-mode loopback --passphrase-file {_root}/key",
        ["KEY"] = Path.Combine(_root, "key"),
        ["CORPUS"] = Corpus,
        ["PROGRAM"] = _program,
        ["STORE"] = StoreOf(tool),
        ["STATE"] = StateOf(tool),
        ["INTO"] = into,
    };

    /// <summary>Makes the tool start from nothing.</summary>
    public void Clear(Tool tool)
    {
        foreach (var folder in new[] { StoreOf(tool), StateOf(tool) })
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        }
    }

    /// <summary>
    /// Before each measurement: what others wrote is on the disk, and what the tool reads is in the page cache. Some machines take pages
    /// away that nobody used for half a minute, and whoever comes after a slow tool would pay for that.
    /// </summary>
    public void Settle(Tool tool, Job job) => Shell.Run(
        $"sync --file-system '{_root}'; find '{(job == Job.Backup ? Corpus : StoreOf(tool))}' -type f -print0 | xargs -0 cat > /dev/null", []);

    public long StoredBytes(Tool tool) =>
        new DirectoryInfo(StoreOf(tool)).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>An empty folder for a restore.</summary>
    public string NewRestore() => Directory.CreateDirectory(Path.Combine(_restored, $"{_restores++}")).FullName;

    /// <summary>
    /// Removes a restore from memory. From a disk it is removed only at the end: some file systems take many seconds to make
    /// files while they remember that as many were just removed, and the next tool would pay for it.
    /// </summary>
    public void RemoveRestore(string into)
    {
        if (RestoresToMemory)
            Directory.Delete(into, recursive: true);
    }

    private string StoreOf(Tool tool) => Path.Combine(_root, tool.Name, "store");

    private string StateOf(Tool tool) => Path.Combine(_root, tool.Name, "state");

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
}
