namespace BackupSidecar.Tests.Archives;

/// <summary>A directory of a test's own, removed with everything in it.</summary>
internal sealed class Workspace : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("archives-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string NewDirectory(string name) => Directory.CreateDirectory(this[name]).FullName;

    public string Write(string name, ReadOnlySpan<byte> content)
    {
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    /// <summary>With rm, because .NET cannot name the files whose names are not UTF-8.</summary>
    public void Dispose() => Host.Bash("rm -rf -- \"$PWD\"", Path);
}
