using System.Security.Cryptography;
using System.Text;

namespace BackupSidecar.IntegrationTests.Secrets;

/// <summary>
/// Secrets that exist for being looked for: each is made for one slot, none is a part of another, and whatever shows a piece of one
/// is found, also by other spellings.
/// </summary>
internal sealed class Canaries
{
    /// <summary>What they all begin with; nothing else does.</summary>
    public const string Mark = "Zq7c";

    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int Piece = 12;

    private readonly List<(string Slot, string Form, byte[] Bytes)> _needles = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>A new one, of letters and digits only, so that it looks the same in a URI, a shell and JSON.</summary>
    public string For(string slot)
    {
        var canary = Mark + RandomNumberGenerator.GetString(Letters, 20);
        Watch(slot, canary);
        return canary;
    }

    /// <summary>Looks for a secret that is what it is.</summary>
    public void Watch(string slot, string secret)
    {
        Count++;
        var bytes = Encoding.UTF8.GetBytes(secret);
        Add(slot, "its beginning", secret[..Math.Min(Piece, secret.Length)]);
        Add(slot, "its end", secret[^Math.Min(Piece, secret.Length)..]);
        Add(slot, "hexadecimal", Convert.ToHexString(bytes));
        Add(slot, "hexadecimal", Convert.ToHexStringLower(bytes));
        // It may stand anywhere in what was encoded: the groups that are its own are the same at one of three offsets.
        for (var offset = 0; offset < 3; offset++)
            Add(slot, "base64", Convert.ToBase64String([.. new byte[offset], .. bytes])[((offset + 2) / 3 * 4)..^4]);
    }

    /// <summary>"SLOT (form)" for each that shows.</summary>
    public IEnumerable<string> In(ReadOnlyMemory<byte> bytes) =>
        _needles.Where(needle => bytes.Span.IndexOf(needle.Bytes) >= 0).Select(needle => $"{needle.Slot} ({needle.Form})");

    public IEnumerable<string> In(string text) => In(Encoding.UTF8.GetBytes(text));

    /// <summary>"FILE: SLOT (form)" for each file below a folder.</summary>
    public IEnumerable<string> Below(string folder) =>
        from path in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }) : []
        from found in In(path).Concat(In(File.ReadAllBytes(path)))
        select $"{path}: {found}";

    private void Add(string slot, string form, string needle) => _needles.Add((slot, form, Encoding.UTF8.GetBytes(needle)));
}
