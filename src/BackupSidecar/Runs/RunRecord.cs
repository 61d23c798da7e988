using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// What is known of a run so far; becomes its <see cref="RunReport"/>. Every problem is logged, here or by whoever found it,
/// and no known secret leaves the record.
/// </summary>
internal sealed class RunRecord(string kind, string backupName, Redactor redactor, TimeProvider time, ILogger log)
{
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private readonly List<string> _attention = [];
    private readonly List<VerifiedCopy> _refused = [];
    private readonly List<MadeUpCopy> _madeUp = [];

    public Guid RunId { get; } = Guid.NewGuid();

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    public string? Timestamp { get; set; }

    public string? Archive { get; set; }

    public long? ArchiveBytes { get; set; }

    public TimeSpan? ServicesStoppedFor { get; set; }

    public IReadOnlyList<ManifestSource> Sources
    {
        get;
        set => field = [.. value.Select(Masked)];
    } = [];

    public IReadOnlyList<StoreReport> Stores { get; set; } = [];

    /// <summary>Why a person has to look at the backup.</summary>
    public IReadOnlyList<string> Attention => _attention;

    public int ProblemCount => _problems.Count;

    public void AddProblem(string sentence)
    {
        log.LogError("{Problem}", sentence);
        _problems.Add(sentence);
    }

    /// <summary>For a problem that somebody has logged already.</summary>
    public void AddLoggedProblem(string sentence) => _problems.Add(sentence);

    /// <summary>For a warning that somebody has logged already.</summary>
    public void AddLoggedWarning(string sentence) => _warnings.Add(sentence);

    /// <summary>For what makes a person look at the backup; it is a problem as well, of the run or of a source.</summary>
    public void AddAttention(string sentence) => _attention.Add(sentence);

    /// <summary>For an older copy that was read and is not what was stored there; its problem is one of the run.</summary>
    public void AddRefused(VerifiedCopy copy) => _refused.Add(copy);

    public void AddMadeUp(MadeUpCopy copy)
    {
        log.LogInformation("Made up for: {Archive} in {Store}", copy.Archive, copy.Store);
        _madeUp.Add(copy);
    }

    public void AddWarning(string sentence)
    {
        log.LogWarning("{Warning}", sentence);
        _warnings.Add(sentence);
    }

    /// <summary>Takes over what became of the sources that were read, and notes what of it a person should know.</summary>
    public void Note(IReadOnlyList<ManifestSource> taken)
    {
        foreach (var source in taken.Where(source => source.Problem is not null))
            AddProblem($"{source.Entry} ({source.Origin}): {source.Problem}");
        foreach (var source in taken.Where(source => source.Problem is null && source.Skipped.Count > 0))
            AddWarning($"{source.Entry} ({source.Origin}): {string.Join("; ", source.Skipped)}");
        var byEntry = taken.ToDictionary(source => source.Entry);
        Sources = [.. Sources.Select(source => byEntry.GetValueOrDefault(source.Entry, source))];
    }

    /// <summary>The manifest of what was read so far.</summary>
    public Manifest Describe(ArchiveName name, Settings settings, DateTimeOffset now) => new()
    {
        CreatedBy = ProgramVersion.Text,
        RunId = RunId,
        BackupName = name.BackupName,
        Archive = name.FileName,
        StartedAt = StartedAt,
        FinishedAt = now,
        TimeZone = settings.TimeZone.Id,
        Compression = settings.Archive.Compression.ToString().ToLowerInvariant(),
        Encryption = settings.Archive.RecipientsFile is not null ? Manifest.ForRecipients : settings.Archive.IsEncrypted ? "passphrase" : "none",
        Sources = Sources,
    };

    public RunReport ToReport(RunOutcome outcome) => new RunReport
    {
        RunId = RunId,
        Kind = kind,
        BackupName = backupName,
        StartedAt = StartedAt,
        FinishedAt = time.GetUtcNow(),
        Outcome = outcome,
        Timestamp = Timestamp,
        Archive = Archive,
        ArchiveBytes = ArchiveBytes,
        Sources = [.. Sources.Select(ToReport)],
        Stores = Stores,
        Verified = [.. _refused],
        MadeUp = [.. _madeUp],
        ServicesStoppedFor = ServicesStoppedFor,
        Problems = [.. _problems],
        Warnings = [.. _warnings],
        Attention = [.. _attention],
    }.Masked(redactor);

    public static SourceReport ToReport(ManifestSource source) => new(source.Kind, source.Entry, source.Bytes, source.Entries, source.Problem)
    {
        Records = source.Records,
    };

    private ManifestSource Masked(ManifestSource source) => source with
    {
        Problem = source.Problem is { } problem ? redactor.Redact(problem) : null,
        Skipped = [.. source.Skipped.Select(redactor.Redact)],
    };
}
