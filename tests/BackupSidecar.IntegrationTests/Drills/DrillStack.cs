using System.Text.Json;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.IntegrationTests.Drills;

/// <summary>A stack whose backups are drilled by the built program: servers in containers of a name of their own, gone when disposed.</summary>
internal sealed class DrillStack : IAsyncDisposable
{
    private readonly List<string> _containers = [];

    public DrillStack()
    {
        // What killed drills leave is found by this name: no other test may have it.
        Name = $"drill{Guid.NewGuid():N}"[..20];
        Program.Settings["BACKUP_NAME"] = Name;
    }

    public string Name { get; }

    public BuiltProgram Program { get; } = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts a server and returns its container's name, by which the program finds it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="arguments">Of <c>docker run</c>.</param>
    /// <param name="command">The server's own command, or nothing.</param>
    public async Task<string> StartAsync(string image, string[] arguments, params string[] command)
    {
        var container = $"{Name}-{_containers.Count}";
        _containers.Add(container);
        await DockerCli.RunAsync(["run", "--detach", "--name", container, .. arguments, image, .. command]);
        return container;
    }

    /// <summary>Waits until a command in the container succeeds.</summary>
    public static async Task UntilAsync(string container, params string[] command)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await DockerCli.RunAsync(["exec", container, .. command]);
                return;
            }
            catch (Processes.ProcessFailedException) when (attempt < 300)
            {
                await Task.Delay(200, Token);
            }
        }
    }

    /// <summary>Backs up, and expects that all went well.</summary>
    public async Task BackUpAsync()
    {
        var ended = await Program.RunAsync("backup");
        Assert.True(ended.ExitCode == 0, ended.Everything);
    }

    public Task<Ended> DrillAsync(params string[] more) => Program.RunAsync(["verify", "--level", "restore", "--json", .. more]);

    /// <summary>Changes the manifest of the one backup, and signs it again, as somebody who has the key would.</summary>
    /// <param name="change">What it says of each source then.</param>
    /// <param name="stored">What it says of the archive then, or null for what it says already.</param>
    public void Forge(Func<ManifestSource, ManifestSource> change, StoredArchive? stored = null)
    {
        var path = Directory.GetFiles(Program.Path("store", Name), "*.manifest.json").Single();
        var file = new ManifestFile(new ArchiveSettings { EncryptionKey = new Secret(BuiltProgram.Passphrase) }, Name);
        var (manifest, _) = file.Read(File.ReadAllBytes(path));
        File.WriteAllBytes(path, file.Write(manifest with { Sources = [.. manifest.Sources.Select(change)], Stored = stored ?? manifest.Stored }));
    }

    /// <summary>Forges one row more into the manifest than the dump of that kind holds.</summary>
    public void ForgeRow(string kind) => Forge(source => source.Kind == kind && source.Counts.Count > 0
        ? source with { Counts = source.Counts.ToDictionary(count => count.Key, count => count.Value + (count.Key == source.Counts.Keys.Max(StringComparer.Ordinal) ? 1 : 0)) }
        : source);

    /// <summary>Containers, volumes and folders of drills.</summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        var label = $"label=backup-sidecar.drill.name={Name}";
        var containers = await DockerCli.RunAsync("ps", "--all", "--quiet", "--no-trunc", "--filter", label);
        var volumes = await DockerCli.RunAsync("volume", "ls", "--quiet", "--filter", label);
        return [.. $"{containers}\n{volumes}".Split('\n', StringSplitOptions.RemoveEmptyEntries), .. Directory.GetFileSystemEntries(Program.Path("staging"), ".backup-sidecar-*")];
    }

    /// <summary>The report of the one drill.</summary>
    public JsonElement Report() => JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(Program.Path("state", "drills"), "*.json").Single())).RootElement;

    /// <summary>Orders the program to fail at a point, or not any more.</summary>
    public void Order(string? order)
    {
        Program.Settings[FailpointFile.Variable] = order is null ? null : Program.Path("orders");
        File.WriteAllText(Program.Path("orders"), $"{FailpointFile.Sentence}\n{order}\n");
    }

    public static async Task<string> StartedAtAsync(string container) =>
        await DockerCli.RunAsync("container", "inspect", "--format", "{{.State.StartedAt}} {{.RestartCount}}", container);

    public async Task RemoveContainersAsync()
    {
        foreach (var container in _containers)
            await DockerCli.RunAsync("rm", "--force", "--volumes", container);
        _containers.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await RemoveContainersAsync();
        foreach (var container in (await DockerCli.RunAsync("ps", "--all", "--quiet", "--filter", $"label=backup-sidecar.drill.name={Name}")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await DockerCli.RunAsync("rm", "--force", "--volumes", container);
        Program.Dispose();
    }
}
