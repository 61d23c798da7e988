using System.Diagnostics;

namespace BackupSidecar.Failpoints;

/// <summary>
/// Lets tests break the program at a named place. Without orders, which only a test gives, a place costs one look at a field.
/// </summary>
/// <remarks>
/// The folder lies below all others, so that every stage can name its places. Who gives the orders is decided in Configuration.
/// </remarks>
internal static class MayFail
{
    private static IReadOnlyList<FailureOrder>? orders;

    /// <summary>From now on these are followed, in this process.</summary>
    public static void Follow(IReadOnlyList<FailureOrder> given) => orders = given;

    /// <param name="point">The place.</param>
    /// <param name="cancellation">Ends what hangs here. Without it, as where nothing can be cancelled, it hangs for good.</param>
    /// <exception cref="FailpointException">It was told to fail.</exception>
    public static void At(Failpoint point, CancellationToken cancellation)
    {
        if (orders is not null)
            Obey(point, cancellation);
    }

    private static void Obey(Failpoint point, CancellationToken cancellation)
    {
        foreach (var order in orders!) // At has looked.
        {
            if (order.Point == point && order.IsDue())
                Fail(order.Kind, point, cancellation);
        }
    }

    private static void Fail(FailureKind kind, Failpoint point, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"FAILPOINT {point}: {kind}");
        if (kind == FailureKind.Throw)
            throw new FailpointException(point);
        if (kind == FailureKind.Kill)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
        cancellation.WaitHandle.WaitOne();
        cancellation.ThrowIfCancellationRequested();
    }
}
