using System.Runtime.ExceptionServices;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// Decrypts a stored archive with gpg. gpg hands out plaintext before it knows whether it is whole, so nothing that was read
/// here may be trusted before <see cref="Complete"/> has returned.
/// </summary>
internal sealed class GpgDecryptor : Decryptor
{
    private readonly GpgHome _home = new();
    private readonly GpgVerdict _verdict = new();
    private readonly RunningProcess _gpg;
    private readonly Stream _stored;
    private readonly Passphrase? _passphrase;
    private readonly Thread _pump;
    private ExceptionDispatchInfo? _storedFailure;
    private bool _isDisposed;

    /// <param name="stored">The encrypted bytes, read on another thread; not disposed.</param>
    /// <param name="passphrase">The one that is tried, or null.</param>
    /// <param name="settings">OpenPGP secret keys, of which gpg finds the right one.</param>
    public GpgDecryptor(Stream stored, Secret? passphrase, ArchiveSettings settings)
    {
        _stored = stored;
        try
        {
            if (settings.DecryptionKey is { } current)
                _home.ImportSecretKey(current, SettingTable.DecryptionKey);
            foreach (var old in settings.OldDecryptionKeys)
                _home.ImportSecretKey(old, SettingTable.OldDecryptionKey);
            // Without a passphrase an empty one is given: gpg must not wait for a person.
            _passphrase = passphrase is null ? null : new Passphrase(passphrase);
            _gpg = RunningProcess.Start(_home.Gpg("--status-fd", "2", "--passphrase-fd", "0", "--output", "-", "--decrypt"), _verdict.Hear);
            _pump = new Thread(Pump) { IsBackground = true, Name = "gpg input" };
            _pump.Start();
        }
        catch
        {
            _passphrase?.Dispose();
            _home.Dispose();
            throw;
        }
    }

    public override int Read(Span<byte> buffer) => _gpg.StandardOutput.Read(buffer);

    /// <summary>Reads what is left and waits for gpg's verdict.</summary>
    /// <exception cref="BackupRefusedException">It is not good.</exception>
    public override void Complete()
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
    public override void Abort() => _gpg.Kill();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _gpg.Kill();
            _pump.Join();
            _gpg.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _passphrase?.Dispose();
            _home.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Pump()
    {
        if (!TrySend(_passphrase is null ? "\n"u8 : _passphrase.Line))
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
