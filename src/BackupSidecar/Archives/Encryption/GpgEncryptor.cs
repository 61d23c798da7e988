using System.Runtime.ExceptionServices;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// Encrypts what is written to it: gpg with AES-256 and a modification detection code, for a passphrase, for public keys, or
/// so that either opens it. A thread of its own carries gpg's output to the destination. Whatever goes wrong comes out of
/// the next write or of <see cref="Complete"/>, in gpg's or the destination's own words.
/// </summary>
internal sealed class GpgEncryptor : Encryptor
{
    private readonly GpgHome _home = new();
    private readonly Command _command;
    private readonly RunningProcess _gpg;
    private readonly Stream _destination;
    private readonly Thread _pump;
    private ExceptionDispatchInfo? _destinationFailure;
    private bool _isComplete;
    private bool _isDisposed;

    /// <param name="settings">The passphrase, the file of public keys, or both.</param>
    /// <param name="destination">Receives the encrypted bytes from another thread; not disposed.</param>
    public GpgEncryptor(ArchiveSettings settings, Stream destination)
    {
        _destination = destination;
        try
        {
            _command = _home.Gpg(Arguments(settings));
            using var passphrase = settings.EncryptionKey is { } key ? new Passphrase(key) : null;
            _gpg = RunningProcess.Start(_command);
            _pump = new Thread(Pump) { IsBackground = true, Name = "gpg output" };
            _pump.Start();
            if (passphrase is not null)
                Write(passphrase.Line);
        }
        catch
        {
            _home.Dispose();
            throw;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _gpg.StandardInput.Write(buffer);
        }
        catch (IOException)
        {
            // "Broken pipe" says nothing; gpg's last words do.
            Finish();
            throw;
        }
    }

    /// <summary>Returns when the destination has everything and gpg ended well.</summary>
    /// <exception cref="ProcessFailedException">gpg failed.</exception>
    public override void Complete()
    {
        _gpg.StandardInput.Close();
        Finish();
        _isComplete = true;
    }

    /// <summary>Ends gpg, unless it has done its work, so that whoever writes to it comes to an end.</summary>
    public override void Abort()
    {
        if (!_isComplete)
            _gpg.Kill();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            Abort();
            _pump.Join();
            _gpg.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _home.Dispose();
        }
        base.Dispose(disposing);
    }

    private List<string> Arguments(ArchiveSettings settings)
    {
        // With an explicit count gpg derives the key without asking an agent to measure one.
        List<string> arguments =
            ["--quiet", "--cipher-algo", "AES256", "--compress-algo", "none", "--s2k-digest-algo", "SHA512", "--s2k-count", "65011712"];
        if (settings.EncryptionKey is not null)
            arguments.AddRange(["--passphrase-fd", "0", "--symmetric"]);
        if (settings.RecipientsFile is { } file)
        {
            arguments.AddRange(["--trust-model", "always", "--encrypt"]);
            foreach (var fingerprint in _home.ImportRecipients(file))
                arguments.AddRange(["--recipient", fingerprint]);
        }
        arguments.AddRange(["--output", "-"]);
        return arguments;
    }

    private void Finish()
    {
        _pump.Join();
        _destinationFailure?.Throw();
        _gpg.WaitForSuccessAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    private void Pump()
    {
        try
        {
            // Blocking reads: gpg writes small pieces, and asynchronous ones would cost half as much again.
            var buffer = new byte[256 * 1024];
            while (_gpg.StandardOutput.Read(buffer) is > 0 and var length)
                _destination.Write(buffer, 0, length);
        }
        catch (Exception error)
        {
            _destinationFailure = ExceptionDispatchInfo.Capture(error);
            _gpg.Kill();
        }
    }
}
