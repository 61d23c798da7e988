using System.CommandLine;
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
        var command = new Command(Name, "Keep the plans of Backrest, a web interface over restic, up to date with the labels of containers.")
        {
            Verb("reconcile", "Once.", BackrestVerbs.Reconcile, BackrestCommand.ReconcileAsync),
            Verb("daemon", "For as long as it runs.", BackrestVerbs.Daemon, BackrestCommand.DaemonAsync),
            Verb("backup-once", "Make one backup with restic, while containers that ask for it stand still.", BackrestVerbs.BackupOnce, BackrestCommand.BackupOnceAsync),
        };
        var version = new Command("version", "Print the version.");
        version.SetAction(_ => BackrestCommand.Version());
        command.Add(version);
        AddOptions(command, BackrestVerbs.Reconcile, BackrestCommand.ReconcileAsync);
        return command;
    }

    private static Command Verb(string name, string help, BackrestVerbs verb, Func<BackrestSettings, Signals, Task<int>> execute)
    {
        var command = new Command(name, help);
        AddOptions(command, verb, execute);
        return command;
    }

    private static void AddOptions(Command command, BackrestVerbs verb, Func<BackrestSettings, Signals, Task<int>> execute)
    {
        var options = BackrestOptions.Of(verb).Select(row => (Row: row, Option: OptionFor(row))).ToList();
        foreach (var (_, option) in options)
            command.Add(option);
        command.SetAction((given, _) => BackrestCommand.ExecuteAsync(
            options.Select(known => (known.Row, Texts: Texts(given, known.Option)))
                .Where(said => said.Texts is not null)
                .ToDictionary(said => said.Row.Name, said => said.Texts!), // Where has looked.
            execute));
    }

    private static Option OptionFor(BackrestOption row)
    {
        var variable = row.Variable is null ? "" : $" ({row.Variable})";
        var value = row.Default is null ? "" : $" [{row.Default}]";
        Option option = row.IsList ? new Option<string[]>(row.Name) : new Option<string?>(row.Name);
        option.Description = row.Help + variable + value;
        option.Arity = row.IsFlag ? ArgumentArity.ZeroOrOne : row.IsList ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne;
        option.HelpName = row.IsFlag ? "true" : "text";
        return option;
    }

    /// <summary>Null if it is not given; alone, it says "true".</summary>
    private static IReadOnlyList<string>? Texts(ParseResult given, Option option) =>
        given.GetResult(option) is not { Implicit: false } result ? null
        : result.Tokens.Count == 0 ? ["true"]
        : [.. result.Tokens.Select(token => token.Value)];
}
