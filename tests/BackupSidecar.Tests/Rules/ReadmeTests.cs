using System.Runtime.CompilerServices;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Reference;
using BackupSidecar.Planning;

namespace BackupSidecar.Tests.Rules;

/// <summary>The README says what the program says.</summary>
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

    [Fact]
    public void The_README_opens_an_archive_by_hand_as_the_archive_itself_says()
    {
        var readme = File.ReadAllText(Path);
        var archive = new ArchiveName("shop", new DateTime(2026, 11, 20, 3, 0, 0), ".tar.gz.gpg");
        var plan = new BackupPlan { Name = "shop", Sources = [], ArchiveExtension = ".tar.gz.gpg" };

        var steps = RestoreInstructions.For(plan, archive, new ArchiveSettings { EncryptionKey = new Secret("key") })
            .Split('\n')
            .Select(line => line.Trim())
            .SkipWhile(line => line != "mkdir restored")
            .TakeWhile(line => line.Length > 0)
            .ToList();

        Assert.Equal(2, steps.Count);
        Assert.Contains($"```sh\n{string.Join('\n', steps)}\n", readme, StringComparison.Ordinal);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
