using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases;

/// <summary>
/// A small file for a tool, readable by its owner alone, in the place where the tool runs; gone when disposed. In a container
/// it is made of what a shell there reads, so that its content stands in no command line.
/// </summary>
internal sealed class PlacedFile : IAsyncDisposable
{
    // Memory is better than a disk for what is secret, and is there in containers with a read-only root too.
    private const string Write =
        "umask 077; set -C; for d in /dev/shm /tmp; do f=$d/$0; (: > \"$f\") && set +C && cat > \"$f\" && printf %s \"$f\" && exit; done; exit 1";

    private readonly IToolPlace _place;
    private readonly string _name;
    private readonly ILogger _log;

    private PlacedFile(IToolPlace place, string name, string path, ILogger log) => (_place, _name, Path, _log) = (place, name, path, log);

    public string Path { get; }

    /// <param name="place">Where the tool runs.</param>
    /// <param name="directory">A directory of ours that only we can read, for tools that run here.</param>
    /// <param name="content">What stands in it.</param>
    /// <param name="log">Told of a file that could not be removed.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="DatabaseException">It cannot be written there.</exception>
    public static async Task<PlacedFile> WriteAsync(
        IToolPlace place, string directory, ReadOnlyMemory<byte> content, ILogger log, CancellationToken cancellation)
    {
        var name = $"{OwnNames.Restore}tool-{Guid.NewGuid():N}";
        if (place is LocalPlace)
            return new PlacedFile(place, name, WriteHere(System.IO.Path.Combine(directory, name), content.Span), log);
        try
        {
            return new PlacedFile(place, name, await WriteThereAsync(place, name, content, cancellation), log);
        }
        catch
        {
            await RemoveThereAsync(place, name, log);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_place is LocalPlace)
            File.Delete(Path);
        else
            await RemoveThereAsync(_place, _name, _log);
    }

    private static async Task<string> WriteThereAsync(IToolPlace place, string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        await using var shell = await place.StartAsync(new Command("sh", "-c", Write, name), cancellation);
        await shell.StandardInput.WriteAsync(content, cancellation);
        shell.StandardInput.Close();
        using var answer = new StreamReader(shell.StandardOutput, Encoding.UTF8);
        var path = await answer.ReadToEndAsync(cancellation);
        var result = await shell.WaitAsync(cancellation);
        return result.Succeeded && path.StartsWith('/')
            ? path
            : throw new DatabaseException($"what its tool must read cannot be written there ({place.Via}): {result.Ending}");
    }

    /// <summary>Wherever the shell has put it, and whether or not it came to its end. A file that stays undoes nothing of what was done with it.</summary>
    private static async Task RemoveThereAsync(IToolPlace place, string name, ILogger log)
    {
        var remove = new Command("rm", "-f", "/dev/shm/" + name, "/tmp/" + name);
        try
        {
            var (result, _) = await place.RunAsync(remove, CancellationToken.None);
            if (!result.Succeeded)
                Warn(result.Ending);
        }
        catch (Exception error) when (error is DatabaseException or IOException)
        {
            Warn(error.Message);
        }

        void Warn(string reason) => log.LogWarning(
            "A file with what a tool had to read, such as a password, may be left behind ({Place}): {Reason}. Remove it there: rm {Files}",
            place.Via, reason.TrimEnd('.'), string.Join(' ', remove.Arguments));
    }

    private static string WriteHere(string path, ReadOnlySpan<byte> content)
    {
        // What has our prefix in the staging folder is removed at the next start, should we be killed.
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(content);
        return path;
    }
}
