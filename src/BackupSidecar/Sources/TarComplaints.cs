using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>
/// What GNU tar says on its standard error, told apart: what it left out by right (sockets, files that went away), and what
/// makes a backup incomplete (files that changed while they were read, or cannot be read). Keeps a bounded number of names,
/// the worse ones first. tar escapes the control characters in names itself.
/// </summary>
/// <param name="directory">What the names are relative to.</param>
/// <param name="rights">Who tar is to the kernel.</param>
internal sealed class TarComplaints(string directory, Capabilities rights)
{
    private const string Denied = "Permission denied";
    private const int Limit = 100;
    private const int NamedInProblem = 3;

    private static readonly string[] Harmless = ["socket ignored", "door ignored", "File removed before we read it", "Warning: "];

    private readonly List<string> _damaged = [];
    private readonly List<string> _noted = [];
    private readonly HashSet<string> _damagedNames = [];
    private long _damagedCount;
    private long _deniedCount;

    /// <summary>Names that were left out or may be inconsistent, and why.</summary>
    public IReadOnlyList<string> Skipped => [.. _damaged.Concat(_noted).Take(Limit)];

    /// <summary>Takes a line; not from several threads at once.</summary>
    public void Add(string line)
    {
        if (!TryParse(line, out var name, out var what))
            return;
        var isDirectoryInMotion = what.StartsWith("file changed", StringComparison.Ordinal) && Directory.Exists(Path.Combine(directory, name));
        if (isDirectoryInMotion)
            Note(_noted, $"{name}: entries came or went while it was read");
        else if (Harmless.Any(harmless => what.StartsWith(harmless, StringComparison.Ordinal)))
            Note(_noted, $"{name}: {what}");
        else if (_damagedNames.Count < Limit ? _damagedNames.Add(name) : !_damagedNames.Contains(name))
        {
            _damagedCount++;
            if (what.EndsWith(Denied, StringComparison.Ordinal))
                _deniedCount++;
            Note(_damaged, $"{name}: {what}");
        }
    }

    /// <summary>Why the backup is incomplete; null if it is complete.</summary>
    public string? Problem(ProcessResult result)
    {
        if (_damagedCount > 0)
        {
            var more = _damagedCount > NamedInProblem ? $" and {_damagedCount - NamedInProblem} more" : "";
            return $"{_damagedCount} could not be read as they should ({string.Join("; ", _damaged.Take(NamedInProblem))}{more}).{Advice()}";
        }
        // Files that went away give exit code 1, and nothing of them could have been kept.
        var isHarmless = result.Succeeded || (result.ExitCode == 1 && _noted.Count > 0);
        return isHarmless ? null : $"tar ended with exit code {result.ExitCode}: {result.LastWords}";
    }

    private string Advice() =>
        (_deniedCount > 0 ? " " + rights.ToRead : "")
        + (_deniedCount < _damagedCount ? " Stop the services that write there while it is read (BACKUP_STOP_SERVICES)." : "");

    private static void Note(List<string> notes, string note)
    {
        if (notes.Count < Limit)
            notes.Add(note);
    }

    /// <summary>Reads "tar: NAME: WHAT". In the name ':' and '\' stand behind a '\'.</summary>
    private static bool TryParse(string line, out string name, out string what)
    {
        const string prefix = "tar: ";
        name = what = "";
        if (!line.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        for (var i = prefix.Length; i + 1 < line.Length; i++)
        {
            if (line[i] == '\\')
                i++;
            else if (line[i] == ':' && line[i + 1] == ' ')
            {
                name = line[prefix.Length..i].Replace(@"\:", ":");
                name = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
                what = line[(i + 2)..];
                return name != "Error is not recoverable";
            }
        }
        return false;
    }
}
