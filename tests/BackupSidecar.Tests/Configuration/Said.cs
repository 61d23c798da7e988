using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Tests.Configuration;

/// <summary>What an operator says in a test: variables and the files that they name.</summary>
internal sealed class Said
{
    private readonly Dictionary<string, string> _variables;
    private readonly Dictionary<string, FileReading> _files = [];

    private Said(Dictionary<string, string> variables) => _variables = variables;

    public static Said Nothing => new([]);

    /// <summary>The least that makes a backup.</summary>
    public static Said Enough =>
        Nothing.With("BACKUP_NAME", "stack").With("BACKUP_DIRS", "/data").With("BACKUP_LOCAL_PATH", "/backups-local");

    public static Said EnoughForS3 =>
        Nothing.With("BACKUP_NAME", "stack").With("BACKUP_DIRS", "/data").With("BACKUP_S3_BUCKET", "bucket");

    public Said With(string name, string value)
    {
        _variables[name] = value;
        return this;
    }

    public Said Without(string name)
    {
        _variables.Remove(name);
        return this;
    }

    public Said WithFile(string path, string text) => WithFile(path, new FileReading(text));

    public Said WithFile(string path, FileReading reading)
    {
        _files[path] = reading;
        return this;
    }

    public SettingsReading Read(SettingsScope scope = SettingsScope.Everything) =>
        new SettingsReader(path => _files.GetValueOrDefault(path, FileReading.Missing)).Read(_variables, scope);

    /// <summary>The settings, which have no fault.</summary>
    public Settings Settings()
    {
        var reading = Read();
        Assert.Empty(reading.Faults);
        return Assert.IsType<Settings>(reading.Settings);
    }

    /// <summary>The only fault.</summary>
    public ConfigurationFault Fault()
    {
        var reading = Read();
        Assert.Null(reading.Settings);
        return Assert.Single(reading.Faults);
    }
}
