namespace BackupSidecar.Bench.Comparison;

/// <summary>What is measured of a tool.</summary>
internal enum Job
{
    Backup,
    Restore,
    Verify,
}

/// <summary>
/// One way to back the corpus up, as lines of bash. They find CORPUS, KEY (a file with the passphrase), STORE and STATE (folders of
/// this tool's own), INTO (an empty folder, for restores) and PROGRAM (ours) in their environment, and GPG with its usual options.
/// </summary>
internal sealed record Tool(string Name, string Title)
{
    /// <summary>Whether it is this program, or one that it is compared with.</summary>
    public bool IsOurs { get; init; }

    /// <summary>Succeeds where the tool can be used, and says the versions of what it consists of, one a line.</summary>
    public required string Probe { get; init; }

    /// <summary>What to tell where it cannot.</summary>
    public required string Missing { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public required IReadOnlyDictionary<Job, string> Commands { get; init; }

    /// <summary>Where the corpus is found in INTO after a restore.</summary>
    public string Restored { get; init; } = ".";
}
