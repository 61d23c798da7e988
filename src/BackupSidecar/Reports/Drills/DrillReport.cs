using System.Text.Json.Serialization;
using BackupSidecar.Configuration;

namespace BackupSidecar.Reports.Drills;

/// <summary>
/// The evidence of one restore drill: what was restored, how long that took, and what was found compared with what the manifest
/// says. It names tables and numbers, and holds no row of anybody's data and no secret.
/// </summary>
internal sealed record DrillReport
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>The program and its version.</summary>
    public required string MadeBy { get; init; }

    public required Guid RunId { get; init; }

    public required string BackupName { get; init; }

    public required string Archive { get; init; }

    public required string Store { get; init; }

    /// <summary>When the backup was made.</summary>
    public required DateTimeOffset BackedUpAt { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Whether a key vouches for the manifest.</summary>
    public required bool IsAuthenticated { get; init; }

    public required VerificationResult Result { get; init; }

    /// <summary>The level that all of the copy has reached.</summary>
    public required VerificationLevel Level { get; init; }

    /// <summary>Why it is not good.</summary>
    public string? Problem { get; init; }

    /// <summary>Of the archive as it is stored.</summary>
    public required long ArchiveBytes { get; init; }

    public required DrillTimes Times { get; init; }

    public required IReadOnlyList<DrilledSource> Sources { get; init; }

    /// <summary>What was not looked at, a sentence each.</summary>
    public IReadOnlyList<string> NotChecked { get; init; } = [];

    /// <summary>The report with known secrets masked: what servers said may hold one.</summary>
    public DrillReport Masked(Redactor redactor) => this with
    {
        Problem = Problem is null ? null : redactor.Redact(Problem),
        Sources = [.. Sources.Select(source => source.Masked(redactor))],
        NotChecked = [.. NotChecked.Select(redactor.Redact)],
    };

    /// <summary>Whether all of it came back, and only an assertion is in the way of calling it good.</summary>
    [JsonIgnore]
    public bool IsOnlyUntrue =>
        Sources.Any(source => source.Outcome == DrillOutcome.Untrue) && !Sources.Any(source => source.Outcome == DrillOutcome.Refused);

    /// <summary>Whether all that is in the archive came back: only then its times are those of a recovery.</summary>
    [JsonIgnore]
    public bool IsRecovery => Level == VerificationLevel.Restore && Sources.All(source => source.CameBack || source.Outcome == DrillOutcome.NotRestored);

    [JsonIgnore]
    public long RestoredBytes => Sources.Where(source => source.CameBack).Sum(source => source.Bytes);
}

/// <summary>How long the parts of a recovery took, in seconds.</summary>
/// <param name="Read">Reading the archive from its store, to its end, and comparing its digest.</param>
/// <param name="Unpack">Decrypting and unpacking it, with all digests compared.</param>
/// <param name="Start">Until the scratch servers took a dump.</param>
/// <param name="Load">Until they had taken it.</param>
internal sealed record DrillTimes(double Read, double Unpack, double Start, double Load)
{
    /// <summary>From the decision to the last row: what a restore of all of this takes on this machine.</summary>
    public double Recovery => Read + Unpack + Start + Load;
}

/// <summary>What a drill made of a source.</summary>
internal enum DrillOutcome
{
    /// <summary>It was restored, and is what the manifest says.</summary>
    Restored,

    /// <summary>It could not be restored here, and was read as content only.</summary>
    NotRestored,

    /// <summary>It does not come back as it was backed up.</summary>
    Refused,

    /// <summary>It came back as it was backed up, and something that the operator asserts of it is not true.</summary>
    Untrue,

    /// <summary>This machine failed, which says nothing of the backup.</summary>
    Unknown,
}

/// <summary>One source in a drill.</summary>
internal sealed record DrilledSource
{
    public required string Kind { get; init; }

    public required string Entry { get; init; }

    public required string Origin { get; init; }

    public required long Bytes { get; init; }

    public required DrillOutcome Outcome { get; init; }

    /// <summary>Why it was not restored, or what is wrong.</summary>
    public string? Problem { get; init; }

    /// <summary>The server that was dumped, with its version.</summary>
    public string? Server { get; init; }

    /// <summary>The image of the scratch server, as the running one names it.</summary>
    public string? Image { get; init; }

    /// <summary>That image's digest.</summary>
    public string? ImageDigest { get; init; }

    /// <summary>Until the scratch server was ready; null where it was ready already, or none was needed. In seconds, as all times here.</summary>
    public double? StartSeconds { get; init; }

    public double? LoadSeconds { get; init; }

    public double? CountSeconds { get; init; }

    public IReadOnlyList<ComparedCount> Counts { get; init; } = [];

    public IReadOnlyList<CheckedAssertion> Assertions { get; init; } = [];

    /// <summary>What a person should know of it, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>The counts that the manifest has.</summary>
    [JsonIgnore]
    public IReadOnlyList<ComparedCount> Compared => [.. Counts.Where(count => count.Expected is not null)];

    /// <summary>Whether it is what was backed up, whatever is asserted of it.</summary>
    [JsonIgnore]
    public bool CameBack => Outcome is DrillOutcome.Restored or DrillOutcome.Untrue;

    /// <summary>Whether a count is what it must be: in a source that came back, also one whose difference is accounted for in a remark.</summary>
    public bool Agrees(ComparedCount count) => CameBack || count.Expected is null || count.Expected == (count.Found ?? 0);

    public DrilledSource Masked(Redactor redactor) => this with
    {
        Problem = Problem is null ? null : redactor.Redact(Problem),
        Assertions = [.. Assertions.Select(each => each with { Problem = each.Problem is null ? null : redactor.Redact(each.Problem) })],
        Remarks = [.. Remarks.Select(redactor.Redact)],
    };
}

/// <summary>Rows of a table (documents of a collection, keys of a database, entries of a directory) by the manifest and after the restore; null where one of them does not know it.</summary>
internal sealed record ComparedCount(string Name, long? Expected, long? Found);

/// <summary>A statement of the operator's that must be true of what was restored. <see cref="Problem"/>: why it is not.</summary>
internal sealed record CheckedAssertion(string Name, string? Problem);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DrillReport))]
internal sealed partial class DrillJson : JsonSerializerContext;
