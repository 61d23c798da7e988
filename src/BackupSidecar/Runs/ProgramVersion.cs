using System.Reflection;

namespace BackupSidecar.Runs;

/// <summary>The program's name and version, as manifests, listings and requests give it.</summary>
internal static class ProgramVersion
{
    public static string Number { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static string Text { get; } = $"backup-sidecar {Number}";
}
