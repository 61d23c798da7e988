namespace BackupSidecar.Configuration;

/// <summary>
/// A value that must not leave its place: a passphrase, a key, a connection URI, a ping URL. Its text form is a mask, so
/// that it can stand in logs, errors and records without harm; <see cref="Reveal"/> is the one way to the value.
/// </summary>
internal sealed class Secret(string value) : IEquatable<Secret>
{
    public string Reveal() => value;

    public bool Equals(Secret? other) => other is not null && other.Reveal() == value;

    public override bool Equals(object? obj) => Equals(obj as Secret);

    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => "***";
}
