using System.Collections;

namespace BackupSidecar.Configuration;

/// <summary>The variables of this process. Nothing else in the program looks at them.</summary>
internal static class ProcessEnvironment
{
    /// <summary>Whether this is an image of .NET's kind, such as ours: nobody reaches a port of it that is not published.</summary>
    public static bool IsContainer => Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") == "true";

    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => entry.Value as string ?? "");
}
