namespace BackupSidecar.Archives.Contents;

/// <summary>What the archive must hold of one source: the source's line of the manifest, or nothing for archives without one.</summary>
/// <param name="Entry">The source's name, for people and for what is unpacked.</param>
/// <param name="Root">The first component of its names in the archive (bytes as Latin-1 characters).</param>
/// <param name="Manifest">Its line of the manifest, or null.</param>
/// <param name="IsTrusted">Whether set-user-id bits, pipes and attributes that grant rights are restored.</param>
internal sealed record Expectation(string Entry, string Root, ManifestSource? Manifest, bool IsTrusted);
