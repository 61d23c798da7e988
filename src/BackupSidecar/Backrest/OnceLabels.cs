using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Processes;

namespace BackupSidecar.Backrest;

/// <summary>
/// How the containers of <c>backup-once</c> are told from others, by labels: whose they are, so that a run clears away only what an
/// earlier one of its own state folder left, and which repository they work on.
/// </summary>
/// <param name="owner">The name of the state folder.</param>
/// <param name="repository">A digest of the repository, or null if nobody says which it is.</param>
internal sealed class OnceLabels(string owner, string? repository)
{
    private const string FileName = "backrest.id";

    private static readonly KeyValuePair<string, string> Kind = new("backup-sidecar.backrest", "backup-once");
    private static readonly string[] RepositoryVariables = ["RESTIC_REPOSITORY=", "RESTIC_REPOSITORY_FILE="];

    private readonly KeyValuePair<string, string> _owner = new("backup-sidecar.backrest.state", owner);
    private readonly KeyValuePair<string, string>? _repository = repository is null ? null : new("backup-sidecar.backrest.repository", repository);

    /// <summary>All containers of this state folder have these.</summary>
    public IReadOnlyDictionary<string, string> Own => Labels(Kind, _owner);

    /// <summary>All containers that work on the same repository have these; null if nobody says which it is.</summary>
    public IReadOnlyDictionary<string, string>? OfRepository => _repository is { } label ? Labels(Kind, label) : null;

    /// <summary>For a new container.</summary>
    public IReadOnlyDictionary<string, string> All => _repository is { } label ? Labels(Kind, _owner, label) : Own;

    /// <summary>Whoever calls holds the lock of the state folder: it gets a name if it has none.</summary>
    /// <param name="stateDirectory">The folder. Its path is the same in many containers.</param>
    /// <param name="environment">NAME=value, as restic gets them.</param>
    public static OnceLabels Of(string stateDirectory, IReadOnlyList<string> environment)
    {
        var path = Path.Combine(stateDirectory, FileName);
        if (!File.Exists(path))
            DurableFile.WriteAtomically(path, Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N")));
        var repository = environment.LastOrDefault(variable => RepositoryVariables.Any(name => variable.StartsWith(name, StringComparison.Ordinal)));
        return new OnceLabels(File.ReadAllText(path), repository is null ? null : Digest(repository));
    }

    /// <summary>There are passwords in some addresses, and labels can be read by many.</summary>
    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private static Dictionary<string, string> Labels(params IEnumerable<KeyValuePair<string, string>> labels) => new(labels);
}
