namespace BackupSidecar.Processes;

/// <summary>
/// A program to run: its name, its arguments and what it may see of the environment. Arguments go to the program as they
/// are, never through a shell, and never hold a secret: other users of the machine can read them.
/// </summary>
internal sealed record Command(string Program, params IReadOnlyList<string> Arguments)
{
    /// <summary>
    /// Variables that the program gets in addition to the few that every child gets: where programs, libraries, certificates and temporary files are, and the time zone.
    /// The rest of our own environment, which holds the operator's secrets, is not passed on.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The directory to run in, or null for our own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>
    /// Whether it must not go on if we are killed, as a restore would that nobody leads any more. A child of ours ends with our
    /// container anyway; what runs in another container is tied to us only if this is set.
    /// </summary>
    public bool EndsWithUs { get; init; }

    /// <summary>Program and arguments as a person would type them, for logs and errors.</summary>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(Quote));

    private static string Quote(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,@%+".Contains(c))
            ? argument
            : "'" + argument.Replace("'", @"'\''") + "'";
}
