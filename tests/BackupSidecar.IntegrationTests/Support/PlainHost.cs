namespace BackupSidecar.IntegrationTests.Support;

/// <summary>
/// A Debian container without anything of ours, beside the stack, in which somebody follows RESTORE.txt: the commands are
/// taken from the text as they stand, and only HOST and USER are filled in.
/// </summary>
public sealed class PlainHost(StackFixture stack)
{
    private readonly string _image = $"plain-host-{stack.Project}";

    /// <param name="archive">The archive's file name in the local store.</param>
    /// <param name="directory">The name of the directory in the archive; it goes back to /data/NAME.</param>
    public async Task<ExecResult> RestoreByHandAsync(string archive, string directory)
    {
        // The text is the same in the archive and in what "restore --to" of any machine unpacks; here stock programs read it.
        const string Read = "printf %s \"$BACKUP_ENCRYPTION_KEY\" | gpg --batch --pinentry-mode loopback --passphrase-fd 0 --decrypt \"$1\" | tar xzO RESTORE.txt";
        var text = await stack.ExecAsync("backup", "sh", "-c", Read, "-", $"/backups-local/stack/{archive}");
        return text.ExitCode == 0 ? await FollowAsync(text.Output, archive, directory) : text;
    }

    private async Task<ExecResult> FollowAsync(string text, string archive, string directory)
    {
        var packages = Line(text, "apt-get install ").Split("apt-get install ")[1];
        var prepared = await PrepareAsync(packages);
        if (prepared.ExitCode != 0)
            return prepared;
        string[] commands =
        [
            "set -e",
            "cp /backups-local/stack/* . && mkdir -m 700 ~/.gnupg",
            "printf 'batch\\npinentry-mode loopback\\npassphrase-file /tmp/passphrase\\n' > ~/.gnupg/gpg.conf",
            $"test \"$({Line(text, "sha256sum ")} | cut -d' ' -f1)\" = \"$(sed -n '/\"stored\"/,$ s/.*\"sha256\": \"\\(.*\\)\".*/\\1/p' {archive}.manifest.json)\"",
            Line(text, "mkdir restored"),
            Line(text, "gpg --decrypt"),
            Line(text, "pg_restore --clean").Replace("HOST", "db").Replace("USER", "postgres"),
            $"find /data/{directory} -mindepth 1 -delete",
            Line(text, $"cp --archive restored/{directory}/."),
        ];
        return await StackFixture.DockerAsync(
            "run", "--rm", "--network", $"{stack.Project}_default", "--volume", $"{stack.Project}_archives:/backups-local:ro",
            "--volume", $"{stack.Project}_app-data:/data/app", "--env", "PGPASSWORD=p@ss:word/1", "--workdir", "/tmp",
            _image, "bash", "-c", string.Join('\n', commands));
    }

    private async Task<ExecResult> PrepareAsync(string packages)
    {
        var container = $"{_image}-setup";
        var installed = await StackFixture.DockerAsync(
            "run", "--name", container, "--network", "host", "debian:bookworm-slim", "sh", "-c",
            $"apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends {packages} && printf 'a passphrase of the tests' > /tmp/passphrase");
        if (installed.ExitCode == 0)
            installed = await StackFixture.DockerAsync("commit", container, _image);
        await StackFixture.DockerAsync("rm", "--force", container);
        return installed;
    }

    private static string Line(string text, string part) =>
        text.Split('\n').Select(line => line.Trim()).First(line => line.Contains(part, StringComparison.Ordinal));
}
