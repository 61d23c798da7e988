using System.Text;

namespace BackupSidecar.Processes;

/// <summary>
/// A path as the kernel takes it: any bytes but NUL. Names in a backup need not be UTF-8, and the file functions of .NET
/// cannot name those that are not.
/// </summary>
internal readonly struct RawPath
{
    /// <summary>The bytes with the closing NUL.</summary>
    private readonly byte[] _bytes;

    private RawPath(byte[] bytes) => _bytes = bytes;

    public RawPath(string path) => _bytes = Encoding.UTF8.GetBytes(path + '\0');

    public byte[] NullTerminated => _bytes;

    /// <summary>The path of something directly below this one.</summary>
    public RawPath Child(RawName name) => new([.. _bytes.AsSpan(..^1), (byte)'/', .. name.Bytes, 0]);

    public RawPath Child(string name) => Child(new RawName(name));

    /// <summary>For people: bytes that are not UTF-8, and control characters, stand as a question mark.</summary>
    public override string ToString() => RawName.Show(_bytes.AsSpan(..^1));
}

/// <summary>The name of a file in its directory: any bytes but NUL and a slash. Two names are equal if their bytes are.</summary>
internal readonly struct RawName(byte[] bytes) : IEquatable<RawName>
{
    public RawName(string name) : this(Encoding.UTF8.GetBytes(name))
    {
    }

    public byte[] Bytes { get; } = bytes;

    public bool StartsWith(string prefix) => Bytes.AsSpan().StartsWith(Encoding.UTF8.GetBytes(prefix));

    public bool Equals(RawName other) => Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is RawName other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>A name of ours as archives give names: the bytes of its UTF-8 form as Latin-1 characters.</summary>
    public static string ToLatin1(string name) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(name));

    public static RawName FromLatin1(string name) => new(Encoding.Latin1.GetBytes(name));

    public override string ToString() => Show(Bytes);

    internal static string Show(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.UTF8.GetString(bytes).Select(c => char.IsControl(c) || c == '\uFFFD' ? '?' : c));
}
