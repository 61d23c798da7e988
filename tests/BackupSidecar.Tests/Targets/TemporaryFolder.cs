using System.Diagnostics;

namespace BackupSidecar.Tests.Targets;

/// <summary>A folder of a test's own, removed at its end whatever it holds, and the shell that tests make strange files with.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Root = Directory.CreateTempSubdirectory("backup-sidecar-restore-").FullName;

    public string Root { get; }

    public string this[params string[] parts] => Path.Combine([Root, .. parts]);

    public string Make(params string[] parts)
    {
        var path = this[parts];
        Directory.CreateDirectory(path);
        return path;
    }

    public void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], content);
    }

    /// <summary>Runs a script of the test's own in the folder, and returns what it printed.</summary>
    public string Shell(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euc", script])
        {
            WorkingDirectory = Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = shell.StandardError.ReadToEndAsync();
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return shell.ExitCode == 0 ? output : throw new InvalidOperationException($"{script}: {errors.Result}");
    }

    /// <summary>
    /// Everything about a tree that a backup must keep, as text: types, modes, owners, times, sizes, blocks in use, links, extended
    /// attributes, ACLs and content.
    /// </summary>
    public string Describe(string path) => Shell(
        $"""
        cd '{path}'
        find . -printf '%P|%y|%m|%U:%G|%Ts|%l|%n\0' | sort -z | tr '\0' '\n'
        find . -type f -printf '%P|%s\0' | sort -z | tr '\0' '\n'
        find . -type f -print0 | sort -z | xargs -0 -r sha256sum
        find . -type f -links +1 -printf '%P\0' | sort -z | tr '\0' '\n'
        getfattr --absolute-names -R -h -m - -d . 2>/dev/null | cat
        getfacl -R -n -P . 2>/dev/null | cat
        """);

    public void Dispose()
    {
        // A test that fails half-way may leave immutable files or mounts behind.
        using var removal = Process.Start(new ProcessStartInfo("bash", ["-c",
            """
            grep -F " $1/" /proc/self/mountinfo | cut -d' ' -f5 | sort -r | while read -r mount; do umount "$mount"; done
            chattr -R -i -- "$1" 2>/dev/null
            rm -rf -- "$1"
            """, "-", Root]))!;
        removal.WaitForExit();
    }
}
