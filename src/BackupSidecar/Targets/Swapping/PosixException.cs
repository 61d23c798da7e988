using System.Runtime.InteropServices;

namespace BackupSidecar.Targets.Swapping;

/// <summary>The kernel refused something: what was attempted, on what, and its reason.</summary>
internal sealed class PosixException(string message, int error) : IOException(message, error)
{
    public int Error { get; } = error;

    /// <summary>For the call that failed last on this thread.</summary>
    public static PosixException Last(string attempt)
    {
        var error = Marshal.GetLastPInvokeError();
        return new PosixException($"{attempt} failed: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }
}
