using System.Text.RegularExpressions;

namespace BackupSidecar.Databases.Scratch;

/// <summary>
/// The environment of a scratch server: what its image sets, as the running server has it, what its engine is made from, and
/// what its command names. Whatever looks like a secret gets the scratch server's own password, or stays away.
/// </summary>
internal static partial class ScratchEnvironment
{
    /// <param name="kind">The engine.</param>
    /// <param name="running">NAME=value of the running container.</param>
    /// <param name="ofImage">NAME=value of its image.</param>
    /// <param name="command">Entrypoint and command.</param>
    /// <param name="password">The scratch server's own.</param>
    public static IReadOnlyDictionary<string, string> Of(
        ScratchKind kind, IReadOnlyList<string> running, IReadOnlyList<string> ofImage, IReadOnlyList<string> command, string password)
    {
        var image = Parse(ofImage);
        var named = ScratchCommand.Variables(command);
        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in Parse(running))
        {
            if (kind.Keeps.Any(kept => Fits(kept, name)) || (image.ContainsKey(name) && !LooksSecret().IsMatch(name)))
                variables[name] = ScratchCommand.WithoutInText(kind.LeavesOut, value);
            else if (named.Contains(name))
                variables[name] = LooksSecret().IsMatch(name) ? password : value;
        }
        foreach (var (name, value) in kind.Sets)
            variables[name] = value;
        foreach (var name in kind.Passwords)
            variables[name] = password;
        return variables;
    }

    private static bool Fits(string kept, string name) =>
        kept.EndsWith('*') ? name.StartsWith(kept[..^1], StringComparison.Ordinal) : kept == name;

    private static Dictionary<string, string> Parse(IReadOnlyList<string> variables) => variables
        .Select(variable => variable.Split('=', 2))
        .Where(pair => pair.Length == 2)
        .DistinctBy(pair => pair[0])
        .ToDictionary(pair => pair[0], pair => pair[1]);

    [GeneratedRegex("PASS|PWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|AUTH|KEY|DSN|URI|URL", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LooksSecret();
}
