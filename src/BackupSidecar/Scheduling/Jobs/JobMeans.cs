using BackupSidecar.Discovery;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>What all jobs of labelled databases share.</summary>
internal sealed record JobMeans
{
    /// <summary>Makes the backup of a database, and says whether there is one now. It gets the token of the program's end.</summary>
    public required Func<LabelledDatabase, CancellationToken, Task<bool>> Run { get; init; }

    /// <summary>The right to run: so many at a time.</summary>
    public required JobSlots Slots { get; init; }

    public required JobLedger Ledger { get; init; }

    /// <summary>How long a container runs before it is expected to answer.</summary>
    public TimeSpan ComingUp { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after a run that failed it is certain to be known that its container went.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(5);

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }

    /// <summary>Fires when the program ends.</summary>
    public CancellationToken Ends { get; init; }
}
