namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// What gpg says while it decrypts: status lines for programs, and words for people, on the same stream. Only both the
/// promises of the status lines and the exit code together mean that what came out is what went in.
/// </summary>
internal sealed class GpgVerdict
{
    private const string StatusMark = "[GNUPG:] ";
    private const int MostWords = 20;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _statuses = [];
    private readonly List<string> _recipients = [];
    private readonly Queue<string> _words = [];

    /// <summary>Takes one line of gpg's standard error.</summary>
    public void Hear(string line)
    {
        lock (_lock)
        {
            if (line.StartsWith(StatusMark, StringComparison.Ordinal))
                HearStatus(line[StatusMark.Length..].Split(' '));
            else if (line.Length > 0)
                _words.Enqueue(line);
            while (_words.Count > MostWords)
                _words.Dequeue();
        }
    }

    /// <exception cref="BackupRefusedException">gpg did not say that everything is as it was written.</exception>
    public void ThrowUnlessGood(int exitCode)
    {
        lock (_lock)
        {
            if (exitCode != 0 || !_statuses.Contains("DECRYPTION_OKAY") || !_statuses.Contains("GOODMDC"))
                throw Refusal.Because($"{Reason()} gpg said: {string.Join("; ", _words)}");
        }
    }

    private void HearStatus(string[] words)
    {
        _statuses.Add(words[0]);
        if (words is ["ENC_TO", var keyId, ..] && _recipients.Count < MostWords)
            _recipients.Add(keyId);
    }

    private string Reason()
    {
        var hasPlaintext = _statuses.Contains("PLAINTEXT");
        if (!_statuses.Contains("BEGIN_DECRYPTION"))
            return hasPlaintext ? "it is not encrypted at all." : "it is not an OpenPGP message.";
        // Two bytes at its start tell whether a key fits; if gpg came to the plaintext, the key was right.
        if (hasPlaintext || _statuses.Contains("BADMDC"))
            return Refusal.Damaged;
        return _statuses.Contains("NO_SECKEY") && !_statuses.Contains("NEED_PASSPHRASE_SYM")
            ? $"no key opens it; it is encrypted for public keys (id {string.Join(", ", _recipients)}), and BACKUP_DECRYPTION_KEY or BACKUP_OLD_DECRYPTION_KEY must be the secret half of one of them."
            : Refusal.WrongPassphrase;
    }
}
