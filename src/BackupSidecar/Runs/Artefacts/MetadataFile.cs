using System.Text.Json;
using System.Text.RegularExpressions;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>
/// The manifest of a labelled database's backup in the form that Label Backup gave it: <c>OBJECT.metadata.json</c>, signed as other
/// manifests are where a key is configured. What Label Backup itself wrote is read as well.
/// </summary>
internal sealed partial class MetadataFile(ArchiveSettings settings) : IManifestFormat
{
    /// <summary>A dozen short texts.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>Goes into the keys of passphrases in place of a backup's name: labels mean the same in every sidecar.</summary>
    private const string KeyName = "labels";

    /// <summary>Longer than anybody keeps backups.</summary>
    private const long MostRetentionSeconds = 1000L * 366 * 24 * 60 * 60;

    private readonly ManifestSigning _signing = new(settings, KeyName);

    public Task PrepareAsync() => _signing.PrepareAsync();

    public byte[] Write(Manifest manifest, string address)
    {
        var unsigned = Describe(manifest, address) with { Key = _signing.Key };
        var json = Serialize(unsigned);
        return unsigned.Key is null ? json : Serialize(unsigned with { Authentication = _signing.Sign(json) });
    }

    public (Manifest Manifest, ManifestTrust Trust) Read(ReadOnlySpan<byte> json, string backup)
    {
        if (json.Length > MostBytes)
            throw new BackupRefusedException($"the metadata have {json.Length} bytes, more than any have");
        if (!ArtefactName.TryParse(backup, out var name))
            throw new BackupRefusedException($"'{backup}' is not the name of a backup of a labelled database");
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), ManifestSigning.DocumentOptions);
            var metadata = document.RootElement.Deserialize(MetadataJson.Strict.Metadata)
                ?? throw new BackupRefusedException("the metadata are empty");
            Check(metadata);
            return (Understand(metadata, name), _signing.TrustIn(document.RootElement, metadata.Key, metadata.Authentication));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new BackupRefusedException($"the metadata are damaged: {error.Message}", error);
        }
    }

    private static byte[] Serialize(Metadata metadata) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(metadata, MetadataJson.Strict.Metadata), (byte)'\n'];

    private static Metadata Describe(Manifest manifest, string address)
    {
        if (manifest is not { Stored: { } stored, Container: { } container, Sources: [var source] })
            throw new ArgumentException("Metadata are of one stored dump of a container.", nameof(manifest));
        return new Metadata
        {
            Timestamp = manifest.StartedAt,
            ContainerId = container.Id,
            ContainerName = container.Name,
            DatabaseType = source.Kind,
            DatabaseName = source.Database is { Length: > 0 } database ? database : null,
            BackupSizeBytes = stored.Bytes,
            Checksum = stored.Sha256,
            CompressionType = manifest.Compression,
            Destination = address,
            DurationSeconds = Math.Round((manifest.FinishedAt - manifest.StartedAt).TotalSeconds, 3),
            Success = true,
            Object = manifest.Archive,
            Identity = container.Identity,
            DumpBytes = source.Bytes,
            DumpChecksum = source.Sha256,
            Tool = source.Tool,
            Server = source.Server,
            Consistency = source.Consistency,
            Encryption = manifest.Encryption,
            RetentionSeconds = container.Retention is { } retention ? (long)retention.TotalSeconds : null,
            CreatedBy = manifest.CreatedBy,
            RunId = manifest.RunId,
        };
    }

    /// <summary>Nobody vouches for what is here yet: it must be what a sane program writes, and harmless on a terminal.</summary>
    private static void Check(Metadata metadata)
    {
        string?[] texts =
        [
            metadata.ContainerId, metadata.ContainerName, metadata.DatabaseType, metadata.DatabaseName, metadata.Destination, metadata.Object, metadata.Error,
            metadata.Identity, metadata.Tool, metadata.Server, metadata.Consistency, metadata.Encryption, metadata.CreatedBy,
        ];
        if (texts.OfType<string>().Any(text => text.Length > 4096 || text.Any(char.IsControl)))
            throw new BackupRefusedException("the metadata are damaged: a text in them has characters that no name has");
        if (!metadata.Success)
            throw new BackupRefusedException("the metadata say themselves that the backup failed");
        if (!Digest().IsMatch(metadata.Checksum) || (metadata.DumpChecksum is { } dump && !Digest().IsMatch(dump)))
            throw new BackupRefusedException("the metadata are damaged: a checksum in them is no SHA-256");
        if (metadata.BackupSizeBytes < 0 || metadata.DumpBytes < 0 || !double.IsFinite(metadata.DurationSeconds) || metadata.RetentionSeconds is < 0 or > MostRetentionSeconds)
            throw new BackupRefusedException("the metadata are damaged: a number in them cannot be right");
    }

    private static Manifest Understand(Metadata metadata, ArtefactName name) => new()
    {
        CreatedBy = metadata.CreatedBy ?? "Label Backup",
        RunId = metadata.RunId ?? Guid.Empty,
        BackupName = name.BackupName,
        Archive = BelongsTo(metadata, name) ? name.FileName : metadata.Object ?? metadata.Destination,
        // The time in the name is what Label Backup and people go by, and it is in UTC; the document tells parts of the second.
        StartedAt = (metadata.Timestamp.UtcDateTime - name.LocalTime).Duration() < TimeSpan.FromDays(1)
            ? metadata.Timestamp : new DateTimeOffset(name.LocalTime, TimeSpan.Zero),
        FinishedAt = metadata.Timestamp,
        TimeZone = TimeZoneInfo.Utc.Id,
        Compression = "gzip",
        Encryption = metadata.Encryption ?? (name.IsEncrypted ? Manifest.ForRecipients : "none"),
        Sources = [Source(metadata, name)],
        Stored = new StoredArchive(metadata.BackupSizeBytes, Bare(metadata.Checksum)),
        Key = metadata.Key,
        Authentication = metadata.Authentication,
        Container = new DumpedContainer(
            metadata.ContainerId, metadata.ContainerName, metadata.Identity, metadata.RetentionSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
    };

    private static ManifestSource Source(Metadata metadata, ArtefactName name) => new()
    {
        Kind = name.Kind,
        Entry = name.EntryName,
        Origin = $"{name.Kind} '{name.Database}' of container {metadata.ContainerName}",
        State = SourceState.Complete,
        Consistency = metadata.Consistency,
        Tool = metadata.Tool,
        Server = metadata.Server,
        Database = metadata.DatabaseName,
        Bytes = metadata.DumpBytes ?? 0,
        Entries = 1,
        Sha256 = metadata.DumpBytes is null ? null : metadata.DumpChecksum,
    };

    /// <summary>Label Backup named the object at the end of where it had put it; what stands before that may have moved since.</summary>
    private static bool BelongsTo(Metadata metadata, ArtefactName name) =>
        metadata.DatabaseType == name.Kind
        && (metadata.Object is { } own ? own == name.FileName : FileOf(metadata.Destination) == FileOf(name.FileName));

    private static string FileOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Some of Label Backup's own documents show the digest with the name of its algorithm before it.</summary>
    private static string Bare(string checksum) => checksum[(checksum.IndexOf(':') + 1)..].ToLowerInvariant();

    [GeneratedRegex(@"^(sha256:)?[0-9a-fA-F]{64}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Digest();
}
