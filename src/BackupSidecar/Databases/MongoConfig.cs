using System.Text;
using System.Text.Json;
using BackupSidecar.Configuration;

namespace BackupSidecar.Databases;

/// <summary>A configuration file of the MongoDB tools with the URI in it, readable by us alone, gone when disposed.</summary>
internal sealed class MongoConfig : IDisposable
{
    private MongoConfig(string path) => Path = path;

    public string Path { get; }

    public static MongoConfig Write(string directory, Secret uri)
    {
        // What has this prefix in the staging folder is removed at the next start, should we be killed.
        var path = System.IO.Path.Combine(directory, $"{OwnNames.Restore}mongodb-{Guid.NewGuid():N}.yaml");
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        // What is a string for JSON is one for YAML too.
        file.Write(Encoding.UTF8.GetBytes($"uri: \"{JsonEncodedText.Encode(uri.Reveal())}\"\n"));
        return new MongoConfig(path);
    }

    public void Dispose() => File.Delete(Path);
}
