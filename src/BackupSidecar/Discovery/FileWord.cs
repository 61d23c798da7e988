namespace BackupSidecar.Discovery;

/// <summary>The name of a database as a part of the name of a file: what is none of the characters that are safe everywhere is '_'.</summary>
internal static class FileWord
{
    private const int Longest = 100;

    public static string Of(string name)
    {
        var word = string.Concat(name.Take(Longest).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_'));
        return word.Length > 0 ? word : "database";
    }

    /// <summary>Why a name cannot be that of a database, or null.</summary>
    public static string? Problem(string name) => name.Length > Longest ? $"it is longer than {Longest} characters." : null;
}
