using System.CommandLine;
using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>The words that the program understands, each handed to its command. No word at all means <c>run</c>.</summary>
internal static class CommandLine
{
    /// <summary>Arguments are taken as they stand: the name of a source may begin with '@'.</summary>
    public static ParserConfiguration Taken { get; } = new() { ResponseFileTokenReplacer = null };

    public static RootCommand Create()
    {
        var root = new RootCommand("Backs up a Docker Compose stack so that it can be restored. Settings are read from BACKUP_* variables.")
        {
            Verb("run", "Run on BACKUP_SCHEDULE; without one, stay up so that the other commands can be used with exec.", RunCommand.ExecuteAsync),
            Backup(),
            List(),
            Restore(),
            Verify(),
            Accept(),
            Prune(),
            Verb("check", "Show the settings, and check tools, sources, services and stores. Changes nothing.", CheckCommand.ExecuteAsync),
            Explain(),
            Verb("healthcheck", "Exit 0 if the last good backup is as fresh as the schedule promises.", HealthCommand.ExecuteAsync),
            Sweep(),
        };
        root.SetAction((_, _) => Program.ExecuteAsync(RunCommand.ExecuteAsync));
        return root;
    }

    private static Command Verb(string name, string help, Func<Signals, Task<int>> execute)
    {
        var command = new Command(name, help);
        command.SetAction((_, _) => Program.ExecuteAsync(execute));
        return command;
    }

    private static Command Sweep()
    {
        var command = Verb("sweep", "Remove what killed runs and drills have left.", SweepCommand.ExecuteAsync);
        command.Hidden = true;
        return command;
    }

    private static Option<string?> LogFileOption() => new("--log-file") { Description = "Write the log to this file as well.", Hidden = true };

    private static Command Backup()
    {
        var logFile = LogFileOption();
        var container = new Option<string?>("--container") { Description = "Only the database of this container, as its labels say." };
        var command = new Command("backup", "Make one backup now.") { container, logFile };
        command.SetAction((given, _) => Program.ExecuteAsync(
            signals => BackupCommand.ExecuteAsync(given.GetValue(container), given.GetValue(logFile), signals)));
        return command;
    }

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("list", "List the backups of all stores, newest first.") { json };
        command.SetAction((given, _) => Program.ExecuteAsync(signals => ListCommand.ExecuteAsync(given.GetValue(json), signals)));
        return command;
    }

    private static Command Accept()
    {
        var backup = new Argument<string?>("backup")
        {
            Description = "A timestamp as 'list' shows it. Without one, what there is to accept is shown.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var all = new Option<bool>("--all") { Description = "Everything that is there to be accepted." };
        var command = new Command("accept", "Say that you know of a backup that was found bad, or that is much smaller than those before it, so that pruning goes on.") { backup, all };
        command.Validators.Add(given =>
        {
            if (given.GetValue(all) && given.GetValue(backup) is not null)
                given.AddError("Name one backup, or --all of them.");
        });
        command.SetAction((given, _) => Program.ExecuteAsync(_ => AcceptCommand.ExecuteAsync(given.GetValue(backup), given.GetValue(all))));
        return command;
    }

    private static Command Explain()
    {
        var container = new Argument<string?>("container") { Description = "Only this one: its name, its service or its id.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("explain", "Say of each container why its labels have it backed up, or not, and which ones keep data that nobody backs up.") { container, json };
        command.SetAction((given, _) => Program.ExecuteAsync(signals => ExplainCommand.ExecuteAsync(given.GetValue(container), given.GetValue(json), signals)));
        return command;
    }

    private static Command Prune()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show every decision with its reason." };
        var force = new Option<bool>("--force") { Description = "Also remove more than BACKUP_RETENTION_MAX_DELETIONS at once." };
        var command = new Command("prune", "Remove what the retention policy does not keep.") { dryRun, force };
        command.SetAction((given, _) => Program.ExecuteAsync(
            signals => PruneCommand.ExecuteAsync(given.GetValue(dryRun), given.GetValue(force), signals)));
        return command;
    }

    private static Command Restore()
    {
        var backup = new Argument<string>("backup") { Description = "A timestamp as 'list' shows it (2026-11-20-030000), or 'latest'; or a labelled container, or the name of one of its backups." };
        var from = new Option<string?>("--from") { Description = "Only from this store: local or s3." };
        var only = new Option<string[]>("--only") { Description = "Only this source (its name in the archive); may be given several times." };
        var to = new Option<string?>("--to") { Description = "Unpack everything into this new or empty folder and touch nothing else." };
        var merge = new Option<bool>("--merge") { Description = "Lay directories over what is there, instead of making them equal to the backup." };
        var unverified = new Option<bool>("--allow-unverified") { Description = "Also restore an archive without a manifest (made by docker-backup-sidecar, or incomplete)." };
        var databaseAs = new Option<string?>("--database-as") { Description = "Restore the one database of --only under this name, beside the original." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask for confirmation." };
        var command = new Command("restore", "Restore a backup: it is verified first, then the plan is shown and confirmed.")
        {
            backup, from, only, to, merge, databaseAs, unverified, yes,
        };
        command.SetAction((given, _) => Program.ExecuteAsync(signals => RestoreCommand.ExecuteAsync(
            new RestoreOptions
            {
                Backup = given.GetRequiredValue(backup),
                Store = given.GetValue(from),
                Only = given.GetValue(only) ?? [],
                ToDirectory = given.GetValue(to),
                Merge = given.GetValue(merge),
                DatabaseAs = given.GetValue(databaseAs),
                AllowUnverified = given.GetValue(unverified),
            },
            given.GetValue(yes),
            signals)));
        return command;
    }

    private static Command Verify()
    {
        var backup = new Argument<string?>("backup")
        {
            Description = "A timestamp as 'list' shows it, or 'latest', which is meant if nothing is said.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var all = new Option<bool>("--all") { Description = "Every backup." };
        var level = new Option<string>("--level")
        {
            Description = "stored: the stored bytes are those that were written. content: also, the key opens them, all that is in them is what the manifest says, and dumps can be read. "
                + "restore: also, databases are restored into scratch containers like the running ones, files into a scratch folder, and counted.",
            DefaultValueFactory = _ => ReportText.Word(VerificationLevel.Content),
        };
        level.AcceptOnlyFromAmong([.. Enum.GetValues<VerificationLevel>().Select(ReportText.Word)]);
        var from = new Option<string?>("--from") { Description = "Only in this store: local or s3." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var scheduled = new Option<bool>("--scheduled") { Description = "What BACKUP_VERIFY_SCHEDULE looks at: the newest backup at BACKUP_VERIFY_LEVEL, and the bytes of others in turns. Tells whoever is told of backups." };
        var logFile = LogFileOption();
        var command = new Command("verify", "Read backups back, in every store, and compare them with their manifests. Changes nothing that is in use.") { backup, all, level, from, json, scheduled, logFile };
        command.Validators.Add(given =>
        {
            if (given.GetValue(all) && given.GetValue(backup) is not null)
                given.AddError("Name one backup, or --all of them.");
            var isChosen = given.GetValue(all) || given.GetValue(backup) is not null || given.GetValue(from) is not null || given.GetResult(level) is { Implicit: false };
            if (given.GetValue(scheduled) && (isChosen || given.GetValue(json)))
                given.AddError("--scheduled stands alone: it chooses backups, stores and levels itself.");
        });
        command.SetAction((given, _) => Program.ExecuteAsync(signals => given.GetValue(scheduled)
            ? ScheduledVerification.ExecuteAsync(given.GetValue(logFile), signals)
            : VerifyCommand.ExecuteAsync(
                new VerifyOptions
                {
                    Backup = given.GetValue(all) ? null : given.GetValue(backup) ?? RestoreOptions.Latest,
                    Level = Enum.Parse<VerificationLevel>(given.GetRequiredValue(level), ignoreCase: true),
                    Store = given.GetValue(from),
                },
                given.GetValue(json),
                signals)));
        return command;
    }
}
