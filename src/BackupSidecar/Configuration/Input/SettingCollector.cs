using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Input;

/// <summary>
/// Collects what was given for every setting, from wherever it may be given: the environment goes before the configuration
/// file, and in each of them a variable or its file twin says it, never both.
/// </summary>
internal sealed class SettingCollector(Func<string, FileReading> files, Findings findings)
{
    /// <summary>What other readers of such files would expand, or take for an escaped dollar sign.</summary>
    private static readonly string[] LooksExpandable = ["${", "$$", "\\$"];

    private readonly Dictionary<(Setting Setting, int Number), GivenValue> _given = [];
    private readonly HashSet<Setting> _blank = [];
    private readonly VariableReader _reader = new(files, findings);

    /// <summary>Everything given, with the numbered keys of a setting in the order of their numbers.</summary>
    public GivenSettings Collect(IReadOnlyDictionary<string, string> environment)
    {
        var layers = Layers(environment);
        UnknownNames.Check(layers, findings);
        foreach (var layer in layers)
        {
            foreach (var key in Keys(layer))
                Collect(layer, key.Setting, key.Number);
        }

        foreach (var alias in Alias.All)
            Collect(layers, alias);
        var readsLabels = LabelFrontDoor.IsOpen(_given.Values, _blank, layers);
        foreach (var alias in readsLabels ? LabelFrontDoor.Aliases : [])
            Collect(layers, alias);
        return new GivenSettings(_given.Values.OrderBy(value => value.Number).ToLookup(value => value.Setting), _blank) { ReadsLabels = readsLabels };
    }

    private List<Layer> Layers(IReadOnlyDictionary<string, string> environment)
    {
        var layers = new List<Layer> { new("environment", environment, IsQuoted: true) };
        var named = layers[0].Find(SettingTable.ConfigFile.Name);
        var path = Input.ConfigurationFile.PathIn(layers[0]);
        var reading = files(path);
        if (reading.Text is { } text)
            layers.Add(ConfigurationFile(path, text));
        else if (named is not null || reading != FileReading.Missing)
            findings.Fault(SettingTable.ConfigFile.Name, $"the file {Shown.Quote(path)} {reading.Problem}.");
        return layers;
    }

    private Layer ConfigurationFile(string path, string text)
    {
        var file = EnvFile.Parse(text);
        if (file.Problem is not null)
            findings.Fault(SettingTable.ConfigFile.Name, $"in the file {Shown.Quote(path)}, {file.Problem}.");
        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in file.Entries)
        {
            if (!variables.TryAdd(name, value) && Variable.TryParse(name, out var variable))
                Duplicate(variable.Setting, name, path);
            if (LooksExpandable.Any(value.Contains) && Variable.TryParse(name, out _))
                findings.Warn($"{name}: in the file {Shown.Quote(path)} a '$' is only a '$'; nothing is expanded, nothing needs escaping.");
        }

        if (variables.ContainsKey(SettingTable.ConfigFile.Name))
            findings.Fault(SettingTable.ConfigFile.Name, $"it has no meaning within the file {Shown.Quote(path)}; remove it there.");
        return new Layer($"file {path}", variables, IsQuoted: false);
    }

    private void Duplicate(Setting setting, string name, string path) =>
        findings.Fault(name, $"it stands twice in the file {Shown.Quote(path)}." + (setting.IsNumbered ? VariableReader.NumberThem(setting) : ""));

    private static IEnumerable<(Setting Setting, int Number)> Keys(Layer layer) =>
        layer.Variables.Keys
            .Select(name => Variable.TryParse(name, out var variable) ? variable : default)
            .Where(variable => variable.Setting is not null)
            .Select(variable => (variable.Setting, variable.Number))
            .Distinct();

    private void Collect(Layer layer, Setting setting, int number)
    {
        // A number may be written with leading zeros; the names that stand there are what counts.
        var names = layer.Variables.Keys
            .Where(name => Variable.TryParse(name, out var variable) && variable.Setting == setting && variable.Number == number)
            .Order(StringComparer.Ordinal)
            .ToList();
        var said = names.Where(name => layer.Find(name) is not null).ToList();
        if (said.Count == 0)
            _blank.Add(setting);
        else if (said.Count > 1)
            findings.Fault(said[0], $"{said[1]} is set as well; only one of them may be.");
        if (said.Count == 0 || _given.ContainsKey((setting, number)))
            return;
        var isFile = Variable.TryParse(said[0], out var first) && first.IsFile;
        _given.Add((setting, number), _reader.Read(layer, setting, said[0], isFile) with { Number = number });
    }

    private void Collect(List<Layer> layers, Alias alias)
    {
        var bucket = _given.GetValueOrDefault((SettingTable.S3Bucket, 0));
        if (alias.NeedsBucketAlias && bucket?.Variable.StartsWith("AWS_", StringComparison.Ordinal) is not true)
            return;
        foreach (var layer in layers)
        {
            string[] names = alias.HasFileTwin ? [alias.Name, alias.Name + "_FILE"] : [alias.Name];
            var said = names.Where(name => layer.Find(name) is not null).ToList();
            if (said.Count == 0)
            {
                if (names.Any(layer.Variables.ContainsKey))
                    _blank.Add(alias.Setting);
                continue;
            }

            if (said.Count > 1)
                findings.Fault(said[0], $"{said[1]} is set as well; only one of them may be.");
            Take(layer, alias, said[0]);
        }
    }

    private void Take(Layer layer, Alias alias, string name)
    {
        if (_given.TryGetValue((alias.Setting, 0), out var given))
        {
            findings.Note($"{name} is passed over, because {given.Variable} is set.");
            return;
        }

        var value = _reader.Read(layer, alias.Setting, name, isFile: name != alias.Name);
        if (alias.Convert is not null && value.Text.Length > 0)
            value = value with { Text = alias.Convert(value.Text, layer) };
        findings.Note($"{name} is taken for {alias.Setting.Name}, which is its name here.");
        _given.Add((alias.Setting, 0), value);
    }
}
