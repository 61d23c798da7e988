using System.Runtime.ExceptionServices;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// Decrypts a stored archive with gpg. gpg hands out plaintext before it knows whether it is whole, so nothing that was read
/// here may be trusted before <see cref="Complete"/> has returned.
/// </summary>
internal sealed class GpgDecryptor : ReadOnlyStream
{
    private readonly GpgHome _home = new();
    private readonly GpgVerdict _verdict = new();
    private readonly RunningProcess _gpg;
    private readonly Stream _stored;
    private readonly byte[] _passphrase;
    private readonly Thread _pump;
    private ExceptionDispatchInfo? _storedFailure;
    private bool _isDisposed;

    /// <param name="stored">The encrypted bytes, read on another thread; not disposed.</param>
    /// <param name="settings">Keys.</param>
    /// <exception cref="BackupRefusedException">No key is configured.</exception>
    public GpgDecryptor(Stream stored, ArchiveSettings settings)
    {
        _stored = stored;
        try
        {
            if (settings is { EncryptionKey: null, DecryptionKey: null })
                throw new BackupRefusedException("The archive is encrypted, and neither BACKUP_ENCRYPTION_KEY nor BACKUP_DECRYPTION_KEY is set.");
            if (settings.DecryptionKey is { } secretKey)
                _home.ImportSecretKey(secretKey);
            // Without a passphrase an empty one is given: gpg must not wait for a person.
            _passphrase = settings.EncryptionKey is { } key ? GpgHome.PassphraseLine(key) : "\n"u8.ToArray();
            _gpg = RunningProcess.Start(_home.Gpg("--status-fd", "2", "--passphrase-fd", "0", "--output", "-", "--decrypt"), _verdict.Hear);
            _pump = new Thread(Pump) { IsBackground = true, Name = "gpg input" };
            _pump.Start();
        }
        catch
        {
            _home.Dispose();
            throw;
        }
    }

    public override int Read(Span<byte> buffer) => _gpg.StandardOutput.Read(buffer);

    /// <summary>Reads what is left and waits for gpg's verdict.</summary>
    /// <exception cref="BackupRefusedException">It is not good.</exception>
    public void Complete()
    {
        var rest = new byte[64 * 1024];
        while (Read(rest) > 0)
        {
            // gpg speaks its verdict only after the last byte.
        }
        _pump.Join();
        _storedFailure?.Throw();
        var result = _gpg.WaitAsync(CancellationToken.None).GetAwaiter().GetResult();
        _verdict.ThrowUnlessGood(result.ExitCode);
    }

    /// <summary>Ends gpg at once, so that whoever reads from it comes to an end.</summary>
    public void Abort() => _gpg.Kill();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _gpg.Kill();
            _pump.Join();
            _gpg.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _home.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Pump()
    {
        if (!TrySend(_passphrase))
            return;
        var buffer = new byte[256 * 1024];
        while (ReadStored(buffer) is > 0 and var length)
        {
            if (!TrySend(buffer.AsSpan(0, length)))
                return;
        }
        _gpg.StandardInput.Close();
    }

    private int ReadStored(byte[] buffer)
    {
        try
        {
            return _stored.Read(buffer);
        }
        catch (Exception error)
        {
            _storedFailure = ExceptionDispatchInfo.Capture(error);
            _gpg.Kill();
            return 0;
        }
    }

    private bool TrySend(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _gpg.StandardInput.Write(buffer);
            return true;
        }
        catch (IOException)
        {
            // gpg has ended before the archive did; its verdict says why.
            return false;
        }
    }
}
