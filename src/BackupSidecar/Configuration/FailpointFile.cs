using BackupSidecar.Configuration.Input;
using BackupSidecar.Failpoints;

namespace BackupSidecar.Configuration;

/// <summary>
/// The switch of the failpoints, which nobody turns by accident: a variable outside the settings names a file, the file begins
/// with a sentence that nobody writes by chance, and each line after it is an order. Anything else is an error.
/// </summary>
internal static class FailpointFile
{
    public const string Variable = "SIDECAR_FAILPOINTS_FOR_TESTS";

    public const string Sentence = "I want this program to fail.";

    /// <summary>The orders, or null if the variable is not set, as it is everywhere but in tests.</summary>
    /// <param name="environment">The variables of the process.</param>
    /// <param name="read">Reads a file.</param>
    /// <exception cref="ConfigurationException">The variable is set, and its file is not what it has to be.</exception>
    public static IReadOnlyList<FailureOrder>? Read(IReadOnlyDictionary<string, string> environment, Func<string, FileReading> read)
    {
        if (!environment.TryGetValue(Variable, out var path))
            return null;
        var file = read(path);
        if (file.Text is null)
            throw Faulty($"its file {path} {file.Problem}.");
        var lines = file.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.FirstOrDefault() != Sentence)
            throw Faulty($"{path} does not begin with the line that it has to begin with.");
        return [.. lines.Skip(1).Select(line => FailureOrder.Parse(line) ?? throw Faulty($"{path} has a line that is no order: '{line}'."))];
    }

    private static ConfigurationException Faulty(string problem) =>
        new([new ConfigurationFault(Variable, $"{problem} This variable makes the program fail on purpose and is for its tests alone: do not set it.")]);
}
