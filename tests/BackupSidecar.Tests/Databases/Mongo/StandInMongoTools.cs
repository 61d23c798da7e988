namespace BackupSidecar.Tests.Databases.Mongo;

/// <summary>
/// Stand-ins for mongodump and mongorestore, which cannot be had here: shell scripts that check what they are given, keep
/// a record of it, and speak the frame of the archive format. What the real tools do with a server is not tested.
/// </summary>
internal sealed class StandInMongoTools : IDisposable
{
    private const string Script =
        """
        #!/bin/bash
        here=$(dirname "$0")
        name=$(basename "$0")
        if [ "$*" = --version ] && [ -e "$here/broken" ]; then echo "last words of a broken $name" >&2; exit 127; fi
        if [ "$*" = --version ]; then echo "$name version: 100.9.4"; echo "git version: x"; exit 0; fi
        printf '%s\n' "$@" > "$here/arguments"
        for argument in "$@"; do
          case $argument in --config=*) config=${argument#--config=};; esac
        done
        stat -c %a "$config" > "$here/mode"
        cp "$config" "$here/config"
        if [ "$name" = mongorestore ]; then cat > "$here/restored"; else cat "$here/archive"; fi
        echo "last words of $name" >&2
        exit "$(cat "$here/exit")"
        """;

    public StandInMongoTools()
    {
        foreach (var name in new[] { "mongodump", "mongorestore" })
        {
            File.WriteAllText(PathTo(name), Script);
            File.SetUnixFileMode(PathTo(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Exit(0);
        Archive([]);
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("backup-sidecar-mongo-").FullName;

    public void Archive(byte[] content) => File.WriteAllBytes(PathTo("archive"), content);

    public void Exit(int code) => File.WriteAllText(PathTo("exit"), $"{code}");

    /// <summary>From now on they do not even tell their version.</summary>
    public void Break() => File.WriteAllText(PathTo("broken"), "");

    public string Read(string name) => File.ReadAllText(PathTo(name));

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private string PathTo(string name) => Path.Combine(Directory, name);
}
