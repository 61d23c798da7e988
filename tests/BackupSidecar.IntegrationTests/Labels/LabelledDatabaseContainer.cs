using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Labels;

/// <summary>A database server in a container that asks by labels for its backup, gone with its volumes when disposed.</summary>
internal sealed class LabelledDatabaseContainer : IAsyncDisposable
{
    private LabelledDatabaseContainer()
    {
    }

    public string Name { get; } = $"labelled-{Guid.NewGuid():N}";

    /// <param name="type">As backup.type says it.</param>
    /// <param name="connection">As backup.conn says it, with HOST for the container.</param>
    /// <param name="labels">Other labels, "backup.prefix=x".</param>
    /// <param name="image">What to run, with its options before and its command behind.</param>
    public static async Task<LabelledDatabaseContainer> RunAsync(string type, string connection, string[] labels, params string[] image)
    {
        var container = new LabelledDatabaseContainer();
        string[] all =
        [
            "backup.enabled=true", $"backup.type={type}", "backup.cron=0 3 * * *",
            $"backup.conn={connection.Replace("HOST", container.Name, StringComparison.Ordinal)}", .. labels,
        ];
        await DockerCli.RunAsync(["run", "--detach", "--name", container.Name, .. all.SelectMany(label => (string[])["--label", label]), .. image]);
        return container;
    }

    /// <summary>Runs a script in it, again and again until it succeeds for the first time: the server may just be starting.</summary>
    public Task<string> WhenReadyAsync(string script) => ShellAsync($"i=0; until out=$({script}) 2>/tmp/err; do i=$((i+1)); [ $i -lt 240 ] || {{ cat /tmp/err; exit 1; }}; sleep 0.25; done; echo \"$out\"");

    public Task<string> ShellAsync(string script) => DockerCli.RunAsync("exec", Name, "sh", "-c", script);

    public async ValueTask DisposeAsync() => await DockerCli.RunAsync("rm", "--force", "--volumes", Name);
}
