namespace BackupSidecar.Bench.Reports;

/// <summary>In words: the machine that something was measured on.</summary>
internal static class Machine
{
    public static string Describe() =>
        $"{Environment.ProcessorCount} cores ({Field("/proc/cpuinfo", "model name")}), {MemoryGibibytes()} GiB, {System()}, .NET {Environment.Version}";

    private static long MemoryGibibytes() =>
        (long)Math.Round(double.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0]) / (1024 * 1024));

    private static string System()
    {
        var name = File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
        return name is null ? "Linux" : name["PRETTY_NAME=".Length..].Trim('"');
    }

    private static string Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
}
