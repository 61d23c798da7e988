using System.Collections;

namespace BackupSidecar.Configuration;

/// <summary>The variables of this process. Nothing else in the program looks at them.</summary>
internal static class ProcessEnvironment
{
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => entry.Value as string ?? "");
}
