using System.Text;
using System.Text.Json;
using BackupSidecar.Processes;

namespace BackupSidecar.Reports.Drills;

/// <summary>
/// The reports of drills on disk: <c>drills/ARCHIVE.STORE.json</c> and <c>.html</c> in the state directory, the last drill of each copy.
/// The oldest go when there are more than 100; they are reports and no backups.
/// </summary>
internal sealed class DrillEvidence(string stateDirectory, TimeZoneInfo zone)
{
    private const int MostDrills = 100;

    private readonly string _folder = Path.Combine(stateDirectory, "drills");

    /// <summary>Where the page of a copy's last drill is.</summary>
    public string PageOf(DrillReport report) => Path.Combine(_folder, $"{report.Archive}.{report.Store}.html");

    /// <summary>Writes both forms, and returns them: the JSON, then the page.</summary>
    public (byte[] Json, byte[] Page) Keep(DrillReport report)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(report, DrillJson.Default.DrillReport);
        var page = Encoding.UTF8.GetBytes(DrillPage.Of(report, zone));
        Directory.CreateDirectory(_folder);
        DurableFile.WriteAtomically(Path.ChangeExtension(PageOf(report), ".json"), json);
        DurableFile.WriteAtomically(PageOf(report), page);
        foreach (var old in new DirectoryInfo(_folder).EnumerateFiles("*.json").OrderByDescending(file => file.LastWriteTimeUtc).Skip(MostDrills).ToList())
        {
            File.Delete(Path.ChangeExtension(old.FullName, ".html"));
            old.Delete();
        }
        return (json, page);
    }
}
