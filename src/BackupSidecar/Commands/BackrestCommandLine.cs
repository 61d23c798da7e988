using System.CommandLine;
using System.CommandLine.Parsing;
using BackupSidecar.Configuration.Backrest;

namespace BackupSidecar.Commands;

/// <summary>The words of <c>backrest</c>; without a verb, they are those of <c>reconcile</c>.</summary>
internal static class BackrestCommandLine
{
    /// <summary>The verb, which is also what this program calls itself by a link of this name.</summary>
    public const string Name = "backrest";

    public const string LinkName = "backrest-sidecar";

    public static Command Create()
    {
        var command = new Command(Name, "Keep the plans of Backrest, a web interface over restic, up to date with the labels of containers.");
        var before = AddOptions(command, BackrestVerbs.Reconcile);
        command.SetAction((given, _) => BackrestCommand.ExecuteAsync(Texts(given, before), BackrestCommand.ReconcileAsync));
        command.Add(Verb("reconcile", "Once.", BackrestVerbs.Reconcile, before, BackrestCommand.ReconcileAsync));
        command.Add(Verb("daemon", "For as long as it runs.", BackrestVerbs.Daemon, before, BackrestCommand.DaemonAsync));
        command.Add(Verb(
            "backup-once", "Make one backup with restic, while containers that ask for it stand still.", BackrestVerbs.BackupOnce, before, BackrestCommand.BackupOnceAsync));
        var version = new Command("version", "Print the version.");
        version.SetAction(_ => BackrestCommand.Version());
        command.Add(version);
        return command;
    }

    /// <summary>The same words, with <c>--name=</c> in two, of which the second is empty: the parser would take the next word instead.</summary>
    public static string[] Spelled(string[] arguments) =>
        [.. arguments.SelectMany(word => BackrestOptions.All.Any(row => word == row.Name + "=") ? (string[])[word[..^1], ""] : [word])];

    /// <param name="name">Of the verb.</param>
    /// <param name="help">One line.</param>
    /// <param name="verb">Which options it has.</param>
    /// <param name="before">Those that may stand before it as well, and are not to be lost there.</param>
    /// <param name="execute">What it does.</param>
    private static Command Verb(
        string name, string help, BackrestVerbs verb, IReadOnlyList<Known> before, Func<BackrestSettings, Signals, Task<int>> execute)
    {
        var command = new Command(name, help);
        var options = AddOptions(command, verb);
        command.Validators.Add(result =>
        {
            foreach (var foreign in before.Where(known => result.GetResult(known.Option) is { Implicit: false } && options.All(own => own.Row != known.Row)))
                result.AddError($"{foreign.Row.Name} means nothing to {name}.");
        });
        command.SetAction((given, _) => BackrestCommand.ExecuteAsync(Texts(given, [.. options, .. before]), execute));
        return command;
    }

    private static List<Known> AddOptions(Command command, BackrestVerbs verb)
    {
        var options = BackrestOptions.Of(verb).Select(row => new Known(row, OptionFor(row))).ToList();
        foreach (var known in options)
            command.Add(known.Option);
        return options;
    }

    private static Option OptionFor(BackrestOption row)
    {
        var variable = row.Variable is null ? "" : $" ({row.Variable})";
        var value = row.Default is null ? "" : $" [{row.Default}]";
        Option option = row.IsList ? new Option<string[]>(row.Name) : new Option<string?>(row.Name);
        option.Description = row.Help + variable + value;
        option.Arity = row.IsFlag ? ArgumentArity.ZeroOrOne : row.IsList ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne;
        if (!row.IsList)
            option.Validators.Add(RefuseOptions);
        option.HelpName = row.IsFlag ? "true" : "text";
        return option;
    }

    /// <summary>Whoever forgot a value does not mean the next option to be one; only restic's own arguments may look like it.</summary>
    private static void RefuseOptions(OptionResult given)
    {
        if (given.Option.Arity.MinimumNumberOfValues > 0 && given.IdentifierTokenCount > given.Tokens.Count)
            given.AddError($"{given.Option.Name} stands there without its value. An empty value is {given.Option.Name}=");
        foreach (var token in given.Tokens.Where(token => token.Value.StartsWith("--", StringComparison.Ordinal)))
            given.AddError($"{given.Option.Name} has no value: {token.Value} behind it is an option. An empty value is {given.Option.Name}=");
    }

    /// <summary>What is given, by the names of the options; of two places, the first counts.</summary>
    private static Dictionary<string, IReadOnlyList<string>> Texts(ParseResult given, IEnumerable<Known> options) => options
        .Select(known => (known.Row.Name, Texts: Texts(given, known.Option)))
        .Where(said => said.Texts is not null)
        .DistinctBy(said => said.Name)
        .ToDictionary(said => said.Name, said => said.Texts!); // Where has looked.

    /// <summary>Null if it is not given; alone, it says "true".</summary>
    private static IReadOnlyList<string>? Texts(ParseResult given, Option option) =>
        given.GetResult(option) is not { Implicit: false } result ? null
        : result.Tokens.Count == 0 ? ["true"]
        : [.. result.Tokens.Select(token => token.Value)];

    private sealed record Known(BackrestOption Row, Option Option);
}
