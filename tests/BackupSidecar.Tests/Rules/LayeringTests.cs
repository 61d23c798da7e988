using System.Reflection;

namespace BackupSidecar.Tests.Rules;

/// <summary>The house's plan as a test: which folder may import which, read from the compiled program.</summary>
public sealed class LayeringTests
{
    private static readonly Dictionary<string, int> Levels = new()
    {
        [""] = 5,
        ["Commands"] = 5,
        ["Http"] = 5,
        ["Runs"] = 4,
        ["Scheduling"] = 4,
        ["Backrest"] = 4,
        ["Sources"] = 3,
        ["Targets"] = 3,
        ["Services"] = 3,
        ["Verification"] = 3,
        ["Planning"] = 2,
        ["Retention"] = 2,
        ["Notifications"] = 2,
        ["Discovery"] = 1,
        ["Stores"] = 1,
        ["Archives"] = 1,
        ["Databases"] = 1,
        ["Reports"] = 1,
        ["Configuration"] = 0,
        ["Docker"] = 0,
        ["Processes"] = 0,
        ["Failpoints"] = -1,
    };

    private static readonly Assembly Program = typeof(BackupSidecar.Configuration.Settings).Assembly;

    private static readonly (Type User, Type Used)[] Edges =
        [.. AssemblyEdges.Of(Program).Where(edge => IsOurs(edge.User) && IsOurs(edge.Used))];

    [Fact]
    public void Every_folder_has_a_level() =>
        Assert.All(Program.GetTypes().Where(IsOurs).Select(Folder).Distinct(), folder => Assert.Contains(folder, Levels.Keys));

    [Fact]
    public void The_test_sees_edges_inside_async_methods() =>
        Assert.Contains(Edges, edge => edge.User.Name == "BackupRun" && edge.Used.Name == "StopWindow");

    [Fact]
    public void Folders_import_only_what_lies_below_them() =>
        Assert.Empty(Edges
            .Where(edge => Folder(edge.User) != Folder(edge.Used))
            .Where(edge => Levels[Folder(edge.User)] < 5 && Levels[Folder(edge.Used)] >= Levels[Folder(edge.User)])
            .Select(Text));

    [Fact]
    public void Stores_are_alternatives_that_do_not_know_each_other() =>
        Assert.Empty(Edges
            .Where(edge => Child(edge.User) is not null && Folder(edge.User) == "Stores" && Folder(edge.Used) == "Stores")
            .Where(edge => Child(edge.Used) is not null && Child(edge.User) != Child(edge.Used))
            .Select(Text));

    [Fact]
    public void Only_the_composition_names_concrete_stores_and_notifiers() =>
        Assert.Empty(Edges
            .Where(edge => edge.User.Name != "Composition")
            .Where(edge => (Folder(edge.Used) == "Stores" && Child(edge.Used) is not null && Child(edge.User) != Child(edge.Used))
                || (Folder(edge.Used) == "Notifications" && edge.Used.Name is "WebhookNotifier" or "LabelWebhookNotifier" or "HealthchecksNotifier" && Folder(edge.User) != "Notifications"))
            .Select(Text));

    [Fact]
    public void Only_the_configuration_reads_environment_variables() =>
        Assert.All(
            Directory.EnumerateFiles(SourceFolder(), "*.cs", SearchOption.AllDirectories)
                .Where(file => Path.GetRelativePath(SourceFolder(), file).Split('/')[0] is not ("Configuration" or "obj" or "bin")),
            file => Assert.DoesNotContain("Environment.GetEnvironmentVariable", File.ReadAllText(file), StringComparison.Ordinal));

    private static string SourceFolder()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "BackupSidecar.sln")))
            directory = Path.GetDirectoryName(directory)!;
        return Path.Combine(directory, "src", "BackupSidecar");
    }

    private static bool IsOurs(Type type) =>
        type.Namespace is { } name && (name == "BackupSidecar" || name.StartsWith("BackupSidecar.", StringComparison.Ordinal)) && !type.Name.Contains('<');

    private static string Folder(Type type) => type.Namespace!.Split('.').ElementAtOrDefault(1) ?? "";

    private static string? Child(Type type) => type.Namespace!.Split('.').ElementAtOrDefault(2);

    private static string Text((Type User, Type Used) edge) => $"{edge.User.FullName} uses {edge.Used.FullName}";
}
