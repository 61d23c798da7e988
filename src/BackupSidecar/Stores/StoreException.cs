namespace BackupSidecar.Stores;

/// <summary>
/// A store could not do what it was asked: what was attempted, on what, and what the other side said.
/// <see cref="IsTransient"/> says whether trying again may help; the adapter that knows the service decides it.
/// </summary>
internal class StoreException(string message, bool isTransient = false, Exception? cause = null) : Exception(message, cause)
{
    public bool IsTransient { get; } = isTransient;

    /// <summary>Whether a right is missing: the store is well, and will not do this for us tomorrow either.</summary>
    public bool IsDenied { get; init; }
}

/// <summary>The name is taken. Nothing was overwritten.</summary>
internal sealed class StoreNameTakenException(string message, Exception? cause = null) : StoreException(message, isTransient: false, cause);
