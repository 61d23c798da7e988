using BackupSidecar.Databases;
using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>What can go wrong while a source is read, told in the one type that a run expects of its sources.</summary>
internal static class SourceFailure
{
    /// <exception cref="SourceException">The work failed: a tool, a server or the disk.</exception>
    public static async Task TranslateAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception failure) when (failure is DatabaseException or ProcessFailedException)
        {
            throw new SourceException(failure.Message, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"its copy cannot be kept in staging: {failure.Message} Is there room? (BACKUP_STAGING_DIR)", failure);
        }
    }
}
