namespace BackupSidecar.Configuration.Input;

/// <summary>
/// A value that somebody gave for a setting: under which variable, where ("environment", "file /run/secrets/key"), and for
/// numbered keys which of them (0 for the plain one).
/// </summary>
internal sealed record GivenValue(Setting Setting, int Number, string Variable, string Text, string Origin);
