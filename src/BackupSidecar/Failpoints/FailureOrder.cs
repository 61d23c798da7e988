using System.Globalization;

namespace BackupSidecar.Failpoints;

/// <summary>What happens at a point.</summary>
internal enum FailureKind
{
    /// <summary>An error is thrown.</summary>
    Throw,

    /// <summary>Nothing goes on until the work is cancelled.</summary>
    Hang,

    /// <summary>The process is gone at once, as by kill -9.</summary>
    Kill,
}

/// <summary>One line of orders: <c>kill S3AfterPart 2</c> is "die when the second part has been sent". Without a number, the first time.</summary>
internal sealed class FailureOrder(FailureKind kind, Failpoint point, int time)
{
    private int _reached;

    public FailureKind Kind => kind;

    public Failpoint Point => point;

    /// <summary>Whether this is the time that was meant.</summary>
    public bool IsDue() => Interlocked.Increment(ref _reached) == time;

    /// <summary>Null if it is not an order that anybody could follow.</summary>
    public static FailureOrder? Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var kind, var point, ..] || words.Length > 3)
            return null;
        var time = 1;
        var isTime = words.Length == 2 || (int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out time) && time > 0);
        // Numbers are names to the runtime, but not to us.
        return isTime && IsWord(kind) && IsWord(point)
            && Enum.TryParse<FailureKind>(kind, ignoreCase: true, out var known) && Enum.TryParse<Failpoint>(point, out var place)
            ? new FailureOrder(known, place, time)
            : null;
    }

    private static bool IsWord(string word) => char.IsAsciiLetter(word[0]) && !word.Contains(',', StringComparison.Ordinal);
}
