using System.CommandLine;
using BackupSidecar.Bench;
using BackupSidecar.Bench.Content;

// What the scripts of bench/ have in common; each of them says what it is for.
var root = new RootCommand("Measures BackupSidecar.") { Compare(), Corpus(), Store(), Micro() };
return root.Parse(args).Invoke();

static Command Compare()
{
    var program = new Option<string>("--program") { Description = "Our published program.", Required = true };
    var work = new Option<string>("--work") { Description = "An empty folder for everything that is made meanwhile.", Required = true };
    var output = new Option<string>("--output") { Description = "Folder for the results.", Required = true };
    var mebibytes = new Option<int>("--mib") { Description = "Size of the corpus in MiB.", DefaultValueFactory = _ => 1024 };
    var runs = new Option<int>("--runs") { Description = "Rounds that are measured, after one to warm up.", DefaultValueFactory = _ => 5 };
    var only = new Option<string[]>("--only") { Description = "Only these tools.", AllowMultipleArgumentsPerToken = true };
    var command = new Command("compare", "Measure our program and its peers, in turn.") { program, work, output, mebibytes, runs, only };
    command.SetAction(given => CompareCommand.Run(
        given.GetRequiredValue(program),
        given.GetRequiredValue(work),
        given.GetRequiredValue(output),
        given.GetValue(mebibytes),
        given.GetValue(runs),
        given.GetValue(only) ?? []));
    return command;
}

static Command Corpus()
{
    var folder = new Argument<string>("folder") { Description = "A new folder." };
    var mebibytes = new Argument<int>("mib") { Description = "Its size in MiB." };
    var command = new Command("corpus", "Make the corpus of that size, and print its digest.") { folder, mebibytes };
    command.SetAction(given =>
    {
        var root = Directory.CreateDirectory(given.GetRequiredValue(folder)).FullName;
        new Corpus(root, given.GetValue(mebibytes)).Make();
        Console.WriteLine(TreeDigest.Of(root));
    });
    return command;
}

static Command Store()
{
    var folder = new Argument<string>("folder") { Description = "A new folder." };
    var backups = new Argument<int>("backups") { Description = "How many." };
    var key = new Argument<string>("key") { Description = "A file with the passphrase that their manifests are signed with." };
    var command = new Command("store", "Make a store with many backups to be listed.") { folder, backups, key };
    command.SetAction(given => ListedStore.Make(
        given.GetRequiredValue(folder), given.GetValue(backups), File.ReadAllText(given.GetRequiredValue(key)).Trim()));
    return command;
}

static Command Micro()
{
    var command = new Command("micro", "Measure single stages; takes the arguments of BenchmarkDotNet.") { TreatUnmatchedTokensAsErrors = false };
    command.SetAction(given => MicroCommand.Run(given.UnmatchedTokens));
    return command;
}
