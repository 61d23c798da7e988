using System.Runtime.CompilerServices;
using BackupSidecar.Configuration.Reference;

namespace BackupSidecar.Tests.Rules;

/// <summary>The README and the table of settings say the same.</summary>
public sealed class ReadmeTests
{
    private const string Begin = "<!-- settings: begin -->\n";
    private const string End = "<!-- settings: end -->";

    private static readonly string Path =
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(ThisFile())!, "../../../README.md"));

    /// <summary>If this fails after a change of the table, put the expected text between the two marks of the README.</summary>
    [Fact]
    public void The_README_lists_every_setting_as_the_table_has_it()
    {
        var readme = File.ReadAllText(Path);

        var listed = readme[(readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..readme.IndexOf(End, StringComparison.Ordinal)];

        Assert.Equal(DocsTable.Render(), listed);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
