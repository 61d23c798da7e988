using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Archives.Encryption;

/// <summary>
/// A private, short-lived home of gpg: no key, option or agent of the machine has a say in what we do, and nothing of ours
/// stays behind. Disposing ends the agent, if one was needed, and removes the directory.
/// </summary>
internal sealed class GpgHome : IDisposable
{
    /// <summary>The agent's sockets lie in the home, and a socket's path may have 107 bytes.</summary>
    private const int LongestPath = 80;

    private readonly string _path = CreateDirectory();
    private bool _hasAgent;

    /// <summary>gpg with these arguments. It starts an agent only if a secret key was imported.</summary>
    public Command Gpg(params IReadOnlyList<string> arguments)
    {
        List<string> all = ["--batch", "--no-tty", "--no-options", "--pinentry-mode", "loopback"];
        if (!_hasAgent)
            all.Add("--no-autostart");
        all.AddRange(arguments);
        return Here("gpg", all);
    }

    /// <summary>Imports all public keys of a file, and returns their fingerprints.</summary>
    /// <exception cref="ConfigurationException">There is none in it.</exception>
    public IReadOnlyList<string> ImportRecipients(string file)
    {
        var import = Run(Gpg("--quiet", "--import", "--", file), input: []);
        var fingerprints = Fingerprints(Run(Gpg("--with-colons", "--list-keys"), input: []).Output);
        if (import.Result.Succeeded && fingerprints.Count > 0)
            return fingerprints;
        throw Fault("BACKUP_ENCRYPTION_RECIPIENTS_FILE", $"{file} is not a file of OpenPGP public keys: {import.Result.LastWords}");
    }

    /// <summary>Imports the secret key that opens what was encrypted for its public half.</summary>
    /// <exception cref="ConfigurationException">It is not a secret key.</exception>
    public void ImportSecretKey(Secret key, Setting setting)
    {
        _hasAgent = true;
        var import = Run(Gpg("--quiet", "--import"), Encoding.UTF8.GetBytes(key.Reveal()));
        var keys = Run(Gpg("--with-colons", "--list-secret-keys"), input: []).Output;
        if (!import.Result.Succeeded || !keys.StartsWith("sec", StringComparison.Ordinal))
            throw Fault(setting.Name, $"this is not an OpenPGP secret key without a passphrase: {import.Result.LastWords}");
    }

    public void Dispose()
    {
        if (_hasAgent)
            Run(Here("gpgconf", ["--kill", "all"]), input: []);
        try
        {
            Directory.Delete(_path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The agent takes its sockets away while we do the same.
            if (Directory.Exists(_path))
                Directory.Delete(_path, recursive: true);
        }
    }

    private static ConfigurationException Fault(string setting, string problem) => new([new ConfigurationFault(setting, problem)]);

    private static string CreateDirectory()
    {
        var directory = CreateTemporary();
        if (directory.Length <= LongestPath)
            return directory;
        Directory.Delete(directory);
        return Directory.CreateDirectory(
            $"/tmp/gpg-{Guid.NewGuid():N}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }

    private static string CreateTemporary()
    {
        try
        {
            return Directory.CreateTempSubdirectory("gpg-").FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Fault("TMPDIR", $"gpg needs a folder in {Path.GetTempPath()}, and none can be made there: {error.Message} Mount a tmpfs there.");
        }
    }

    private static List<string> Fingerprints(string listing)
    {
        // The first "fpr" record behind each "pub" record is the key's own; later ones are of its subkeys.
        List<string> found = [];
        var isOwn = false;
        foreach (var line in listing.Split('\n'))
        {
            var fields = line.Split(':');
            if (fields[0] == "fpr" && isOwn && fields.Length > 9)
                found.Add(fields[9]);
            isOwn = fields[0] == "pub" || (isOwn && fields[0] != "fpr");
        }
        return found;
    }

    private Command Here(string program, IReadOnlyList<string> arguments) =>
        new(program, arguments) { Environment = new Dictionary<string, string> { ["GNUPGHOME"] = _path } };

    private static (ProcessResult Result, string Output) Run(Command command, byte[] input) =>
        RunAsync(command, input).GetAwaiter().GetResult();

    private static async Task<(ProcessResult Result, string Output)> RunAsync(Command command, byte[] input)
    {
        await using var process = RunningProcess.Start(command);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want its input; its exit code and its words say why.
        }
        using var reader = new StreamReader(process.StandardOutput);
        var output = await reader.ReadToEndAsync();
        return (await process.WaitAsync(CancellationToken.None), output);
    }
}
