namespace BackupSidecar.Backrest.Configs;

/// <summary>Where Backrest's configuration is read and changed: its file, or Backrest itself.</summary>
internal interface IConfigStore
{
    /// <summary>What a person would call it.</summary>
    string Location { get; }

    /// <summary>Whether whoever writes counts the modification number up; Backrest itself does that alone.</summary>
    bool CountsUp { get; }

    /// <summary>
    /// The longer prefixes of others who keep plans there, of whom we know; and they will know of ours. Of what begins with one of
    /// those, no plan is ours.
    /// </summary>
    /// <param name="prefix">What the names of our plans begin with; not empty.</param>
    /// <param name="mayWrite">Whether ours may be noted.</param>
    IReadOnlyList<string> LongerPrefixes(string prefix, bool mayWrite);

    /// <summary>Null if there is none yet.</summary>
    /// <exception cref="BackrestException">It cannot be read.</exception>
    Task<ConfigText?> ReadAsync(CancellationToken cancellation);

    /// <summary>Finds out, without writing anything, whether a new text could be put there as far as that can be told.</summary>
    /// <exception cref="BackrestException">It could not.</exception>
    void CheckReplaceable();

    /// <summary>Puts a new text in the place of the one that was read. False if that has changed meanwhile: then nothing was done.</summary>
    /// <exception cref="BackrestException">It cannot be written, or Backrest does not take it.</exception>
    Task<bool> TryReplaceAsync(ConfigText read, byte[] text, CancellationToken cancellation);
}
