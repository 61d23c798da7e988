using BackupSidecar.Configuration;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Commands;

/// <summary>
/// Remembers since when a schedule has been in force: nothing was due before. A restart of the program changes nothing about it,
/// or a program that restarts again and again would never be found unhealthy.
/// </summary>
internal static class ScheduleInForce
{
    public const string OfBackups = "schedule";
    public const string OfVerifications = "verify-schedule";

    /// <summary>Notes what holds from now on.</summary>
    public static void Note(Composition program)
    {
        Note(program, OfBackups, program.Schedule);
        Note(program, OfVerifications, program.VerifySchedule);
    }

    /// <summary>Since when a schedule is what it is; null before it was noted.</summary>
    public static DateTimeOffset? Since(Composition program, string name)
    {
        var file = new FileInfo(PathOf(program.Settings, name));
        return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc) : null;
    }

    private static void Note(Composition program, string name, CronSchedule? schedule)
    {
        var file = PathOf(program.Settings, name);
        var text = $"{schedule} {program.Settings.TimeZone.Id}";
        if (File.Exists(file) && File.ReadAllText(file) == text)
            return;
        Directory.CreateDirectory(program.Settings.Paths.State);
        File.WriteAllText(file, text);
    }

    /// <summary>The file holds the schedule; its age is how long that has been in force.</summary>
    private static string PathOf(Settings settings, string name) => Path.Combine(settings.Paths.State, name);
}
