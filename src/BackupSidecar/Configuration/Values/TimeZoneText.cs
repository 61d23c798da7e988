using System.Security;

namespace BackupSidecar.Configuration.Values;

/// <summary>The name of a time zone, exactly as the time zone database spells it.</summary>
internal static class TimeZoneText
{
    public static bool TryParse(string text, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        try
        {
            var found = TimeZoneInfo.FindSystemTimeZoneById(text);

            // A zone that was looked up before is found again in any case, yet the C library of the programs that we run
            // would silently take UTC for a name in the wrong case.
            if (found.Id != text)
                return false;
            zone = found;
            return true;
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or SecurityException)
        {
            return false;
        }
    }

    public static string? Suggest(string text) => Nearest.To(text, TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id));
}
