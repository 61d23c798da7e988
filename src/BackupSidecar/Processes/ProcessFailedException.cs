namespace BackupSidecar.Processes;

/// <summary>
/// A program could not be started, or ended with a failure. The message names the program, tells how it ended, and gives the
/// last words that it wrote to its standard error.
/// </summary>
internal sealed class ProcessFailedException(string message, Exception? cause = null) : Exception(message, cause)
{
    public static ProcessFailedException For(Command command, ProcessResult result) =>
        new(Describe(command.Program, result));

    private static string Describe(string program, ProcessResult result)
    {
        var how = result.ExitCode switch
        {
            137 => "was killed (signal 9; out of memory?)",
            > 128 and < 160 => $"was ended by signal {result.ExitCode - 128}",
            _ => $"failed with exit code {result.ExitCode}",
        };
        return result.LastWords.Length > 0 ? $"{program} {how}: {result.LastWords}" : $"{program} {how} and said nothing";
    }
}
