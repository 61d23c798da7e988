using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;
using static BackupSidecar.Configuration.Backrest.BackrestOptions;

namespace BackupSidecar.Configuration.Backrest;

/// <summary>Reads what the operator said about Backrest: the command line, then the environment, then the defaults. All faults are found in one go.</summary>
/// <param name="given">What stands on the command line, by the name of the option; an option without a text stands there with "true".</param>
/// <param name="environment">The variables.</param>
/// <param name="files">How a file with a secret is read.</param>
internal sealed class BackrestReader(
    IReadOnlyDictionary<string, IReadOnlyList<string>> given, IReadOnlyDictionary<string, string> environment, Func<string, FileReading> files)
{
    private const string PasswordVariable = "BACKREST_PASSWORD";
    private static readonly string[] SecretWords = ["PASSWORD", "SECRET", "TOKEN", "KEY"];

    /// <summary>Timers hold no more than 49 days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private readonly List<ConfigurationFault> _faults = [];

    /// <exception cref="ConfigurationException">Something cannot be used; holds every fault.</exception>
    public BackrestSettings Read()
    {
        var password = Password();
        var settings = new BackrestSettings
        {
            ConfigFile = Path.GetFullPath(Required(Config)),
            Apply = ApplyMode(),
            Container = NameOf(Container),
            DryRun = Flag(DryRun),
            Prune = Flag(Prune),
            DockerHost = DockerHost(),
            DockerRoot = Absolute(DockerRoot),
            VolumePrefix = Absolute(VolumePrefix),
            DefaultRepo = Text(DefaultRepo),
            DefaultSchedule = Required(DefaultSchedule),
            DefaultRetention = Text(DefaultRetention) ?? "",
            PlanIdPrefix = Text(PlanIdPrefix) ?? "",
            IncludeProjectName = Flag(IncludeProjectName),
            ExcludeBindMounts = Flag(ExcludeBindMounts),
            RestartTimeout = Duration(RestartTimeout),
            RestartWait = Duration(RestartWait),
            Interval = Interval(),
            WithEvents = Flag(WithEvents),
            Api = new ApiSettings(Address(), Required(User), password),
            Once = Once(Variables()),
            StateDirectory = environment.GetValueOrDefault(SettingTable.StateDirectory.Name) is { Length: > 0 } state ? state : SettingTable.StateDirectory.Default!,
            Log = new EventLogSettings(
                Choice(BackrestOptions.LogFormat, "json", "text") == "text" ? Configuration.LogFormat.Text : Configuration.LogFormat.Json, Minimum()),
            Redactor = new Redactor([]),
        };
        settings = settings with { Redactor = new Redactor([.. Secrets(settings.Once), .. password is null ? (string[])[] : [password.Reveal()]]) };
        return _faults.Count == 0 ? settings : throw new ConfigurationException(_faults);
    }

    private BackupOnceSettings Once(VariableFile variables) => new()
    {
        Image = Required(Image),
        Environment = variables.Variables,
        Doubts = variables.Doubts,
        Volumes = Volumes(variables.Variables),
        Command = [.. Words(Required(Command)), .. given.GetValueOrDefault(Argument.Name) ?? []],
        QuiesceLabel = Required(QuiesceLabel),
        QuiesceTimeout = Duration(QuiesceTimeout),
        GroupBy = Required(GroupBy),
        PathPrefix = Absolute(PathPrefix),
    };

    /// <summary>What restic and its stores are given in secret.</summary>
    private static IEnumerable<string> Secrets(BackupOnceSettings once) => once.Environment
        .Select(variable => variable.Split('=', 2))
        .Where(pair => SecretWords.Any(word => pair[0].Contains(word, StringComparison.OrdinalIgnoreCase)))
        .Select(pair => pair[1]);

    private VariableFile Variables()
    {
        if (Text(BackrestOptions.EnvFile) is not { } file)
            return VariableFile.Read("", environment);
        var reading = files(Path.GetFullPath(file));
        if (reading.Text is null)
            Fault(BackrestOptions.EnvFile, $"the file {Shown.Quote(file)} {reading.Problem}.");
        var variables = VariableFile.Read(reading.Text ?? "", environment);
        if (variables.Bad.Count > 0)
            Fault(BackrestOptions.EnvFile, $"in the file {Shown.Quote(file)}, {Lines(variables.Bad)} not of the form NAME=value.");
        return variables;
    }

    private static string Lines(IReadOnlyList<int> numbers) =>
        numbers.Count == 1 ? $"line {numbers[0]} is" : $"lines {string.Join(", ", numbers)} are";

    private IReadOnlyList<string> Volumes(IReadOnlyList<string> variables)
    {
        var volumes = given.GetValueOrDefault(Volume.Name) ?? [];
        var faults = volumes.Select(volume => (Text: volume, Problem: OnceVolumes.Fault(volume))).Where(volume => volume.Problem is not null).ToList();
        foreach (var (text, problem) in faults)
            _faults.Add(new ConfigurationFault(Volume.Name, $"{Shown.Quote(text)}: {problem}", "/srv/restic:/repo"));
        if (faults.Count == 0 && OnceVolumes.LosesRepository(variables, volumes))
        {
            _faults.Add(new ConfigurationFault(
                BackrestOptions.EnvFile.Name, $"RESTIC_REPOSITORY is a folder that would be gone with the container after the backup. Mount it with {Volume.Name}", "--rcb-volume /srv/restic:/repo, with RESTIC_REPOSITORY=/repo"));
        }
        return volumes;
    }

    private static string[] Words(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Null if it is empty. A variable that is empty says nothing; the command line may take a default away.</summary>
    private string? Text(BackrestOption option)
    {
        if (given.TryGetValue(option.Name, out var texts))
            return texts is [.., { } last] && last.Trim() is { Length: > 0 } text ? text : null;
        var said = option.Variable is { } variable ? environment.GetValueOrDefault(variable)?.Trim() : null;
        return string.IsNullOrEmpty(said) ? option.Default : said;
    }

    private string Required(BackrestOption option)
    {
        if (Text(option) is { } text)
            return text;
        Fault(option, "it is empty.");
        return option.Default ?? "";
    }

    /// <summary>Of a container; the engine itself writes a slash before names.</summary>
    private string NameOf(BackrestOption option)
    {
        var name = Required(option).TrimStart('/');
        if (name.Length == 0)
            Fault(option, "it is no name of a container.");
        return name;
    }

    private bool Flag(BackrestOption option)
    {
        if (FlagText.TryParse(Required(option), out var value))
            return value;
        Fault(option, $"{Shown.Quote(Required(option))} is neither true nor false.");
        return false;
    }

    private ApplyMode ApplyMode()
    {
        var text = Required(Apply).ToLowerInvariant();
        if (text == "api")
            return Backrest.ApplyMode.Api;
        if (text == "restart")
            return Backrest.ApplyMode.Restart;
        return Flag(Apply) ? Backrest.ApplyMode.Restart : Backrest.ApplyMode.Off;
    }

    private string Choice(BackrestOption option, params string[] choices)
    {
        var text = Required(option).ToLowerInvariant();
        if (!choices.Contains(text))
            Fault(option, $"{Shown.Quote(text)} is none of {string.Join(", ", choices)}.");
        return text;
    }

    private Microsoft.Extensions.Logging.LogLevel Minimum() => Choice(BackrestOptions.LogLevel, "debug", "info", "warn", "error") switch
    {
        "debug" => Microsoft.Extensions.Logging.LogLevel.Debug,
        "warn" => Microsoft.Extensions.Logging.LogLevel.Warning,
        "error" => Microsoft.Extensions.Logging.LogLevel.Error,
        _ => Microsoft.Extensions.Logging.LogLevel.Information,
    };

    private string Absolute(BackrestOption option)
    {
        var path = Required(option);
        if (!path.StartsWith('/'))
            Fault(option, $"{Shown.Quote(path)} is not an absolute path.");
        return path;
    }

    private TimeSpan Duration(BackrestOption option)
    {
        var text = Required(option);
        if (!DurationText.TryParse(text, out var value) && !PeriodText.TryParseDuration(text, out value))
            Fault(option, $"{Shown.Quote(text)} is not a length of time such as 90s, 5m or 1h30m.");
        else if (value > Longest)
            Fault(option, $"{Shown.Quote(text)} is more than 30 days.");
        return value;
    }

    private TimeSpan Interval()
    {
        var interval = Duration(BackrestOptions.Interval);
        if (interval < TimeSpan.FromSeconds(1) && _faults.TrueForAll(fault => fault.Setting != BackrestOptions.Interval.Name))
            Fault(BackrestOptions.Interval, "it must be at least 1s.");
        return interval;
    }

    /// <summary>Anything but an address is taken for the path of a socket.</summary>
    private Uri DockerHost()
    {
        var text = Required(DockerSocket);
        var address = text.Contains("://", StringComparison.Ordinal) ? text : "unix://" + text;
        if (WebUri.EngineProblem(address, out var engine) is { } problem)
            Fault(DockerSocket, problem);
        return engine;
    }

    private Uri Address()
    {
        if (WebUri.TryParse(Required(Url).TrimEnd('/') + "/", out var uri) && uri.UserInfo.Length == 0)
            return uri;
        Fault(Url, $"it is not an address that begins with http:// or https://, without a user and a password (those stand in BACKREST_USER and {PasswordVariable}).");
        return new Uri("http://backrest:9898/");
    }

    private Secret? Password()
    {
        var (plain, file) = (environment.GetValueOrDefault(PasswordVariable), environment.GetValueOrDefault(PasswordVariable + "_FILE"));
        if (string.IsNullOrEmpty(file))
            return string.IsNullOrEmpty(plain) ? null : new Secret(plain);
        if (!string.IsNullOrEmpty(plain))
            _faults.Add(new ConfigurationFault(PasswordVariable, $"{PasswordVariable}_FILE is set as well; only one of them may be."));
        var reading = files(file);
        if (reading.Text?.TrimEnd('\r', '\n') is { Length: > 0 } text)
            return new Secret(text);
        _faults.Add(new ConfigurationFault(PasswordVariable + "_FILE", $"the file {Shown.Quote(file)} {reading.Problem ?? "is empty"}."));
        return null;
    }

    private void Fault(BackrestOption option, string problem) => _faults.Add(new ConfigurationFault(option.Name, problem));
}
