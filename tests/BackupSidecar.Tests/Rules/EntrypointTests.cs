using System.Runtime.CompilerServices;
using BackupSidecar.Commands;

namespace BackupSidecar.Tests.Rules;

/// <summary>The image's entry point knows the program's commands.</summary>
public sealed class EntrypointTests
{
    [Fact]
    public void Every_command_is_handed_to_the_program()
    {
        var script = File.ReadAllLines(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../scripts/entrypoint.sh")));

        var handed = script.Single(line => line.Contains("exec backup-sidecar", StringComparison.Ordinal)).Split(')')[0].Split('|', StringSplitOptions.TrimEntries);

        Assert.All(CommandLine.Create().Subcommands, command => Assert.Contains(command.Name, handed));
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
