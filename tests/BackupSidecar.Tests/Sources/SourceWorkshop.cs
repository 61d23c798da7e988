using System.Collections.Concurrent;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Processes;
using BackupSidecar.Sources;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Sources;

/// <summary>A temporary folder in which a source is made, backed up into a tar file, and unpacked again by the host's tar.</summary>
internal sealed class SourceWorkshop : ILogger, IDisposable
{
    public SourceWorkshop()
    {
        Directory.CreateDirectory(Data);
        Directory.CreateDirectory(Unpacked);
        Staging = Staging.Create(Path.Combine(Root, "staging"), Guid.NewGuid());
    }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string Root { get; } = Directory.CreateTempSubdirectory("backup-sidecar-sources-").FullName;

    public string Data => Path.Combine(Root, "data");

    public string Unpacked => Path.Combine(Root, "unpacked");

    public string ArchivePath => Path.Combine(Root, "archive.tar");

    public Staging Staging { get; }

    public ArchiveSettings Settings { get; } = new() { Compression = Compression.None, CompressionThreads = 1 };

    public ConcurrentQueue<string> Logged { get; } = [];

    public Sqlite Sqlite { get; } = new(TimeSpan.FromSeconds(10));

    public string PathTo(params string[] parts) => Path.Combine([Data, .. parts]);

    /// <summary>Runs a script of bash in the folder of the data, and returns what it prints.</summary>
    public async Task<string> ShellAsync(string script)
    {
        var command = new Command("bash", "-euo", "pipefail", "-c", script) { WorkingDirectory = Data };
        var (result, output) = await RunningProcess.RunAsync(command, Cancellation);
        Assert.True(result.Succeeded, result.LastWords);
        return output;
    }

    /// <summary>Takes the source through a whole run and unpacks what it wrote.</summary>
    public async Task<ManifestSource> BackUpAsync(IBackupSource source)
    {
        await source.CheckAsync(Cancellation);
        await source.PrepareAsync(Cancellation);
        ManifestSource written;
        await using (var file = File.Create(ArchivePath))
            written = Write(source, file);
        await ShellAsync("tar --extract --file=../archive.tar --directory=../unpacked --same-permissions --numeric-owner --acls --xattrs --xattrs-include='*'");
        return written;
    }

    public ManifestSource Write(IBackupSource source, Stream destination)
    {
        using var archive = ArchiveWriter.Create(Settings, destination);
        var written = source.WriteTo(archive, Cancellation);
        archive.Complete();
        return written;
    }

    public void Dispose()
    {
        Staging.Dispose();
        // .NET cannot remove names that are not UTF-8.
        using var removing = System.Diagnostics.Process.Start("rm", ["--recursive", "--force", "--", Root]);
        removing.WaitForExit();
    }

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Logged.Enqueue(formatter(state, exception));

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;
}
