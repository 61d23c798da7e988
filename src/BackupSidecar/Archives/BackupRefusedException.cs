namespace BackupSidecar.Archives;

/// <summary>
/// A stored backup must not be used: its bytes are not those that were written, the key does not open it, or nobody vouches
/// for its manifest. Ends the program with exit code 5; no target was touched.
/// </summary>
internal sealed class BackupRefusedException(string message, Exception? cause = null) : Exception(message, cause);
