using System.CommandLine;
using BackupSidecar.Bench;
using BackupSidecar.Bench.Content;

// The tools of bench/*.sh; each script says what it is for.
var folder = new Argument<string>("folder") { Description = "A new folder." };
var mebibytes = new Option<int>("--mib") { Description = "Size of the corpus in MiB.", DefaultValueFactory = _ => 1024 };
var runs = new Option<int>("--runs") { Description = "Rounds that are measured, after one to warm up.", DefaultValueFactory = _ => 5 };
var only = new Option<string[]>("--only") { Description = "Only these tools.", AllowMultipleArgumentsPerToken = true };
var program = new Option<string>("--program") { Description = "Our published program.", Required = true };
var output = new Option<string>("--output") { Description = "Folder for the results.", Required = true };

var compare = new Command("compare", "Measure our program and its peers, in turn.") { mebibytes, runs, only, program, output };
compare.SetAction(given => CompareCommand.Run(
    given.GetRequiredValue(program), given.GetRequiredValue(output), given.GetValue(mebibytes), given.GetValue(runs), given.GetValue(only) ?? []));

var corpus = new Command("corpus", "Make the corpus and print its digest.") { folder, mebibytes };
corpus.SetAction(given =>
{
    var root = Directory.CreateDirectory(given.GetRequiredValue(folder)).FullName;
    new Corpus(root, given.GetValue(mebibytes)).Make();
    Console.WriteLine(TreeDigest.Of(root));
});

return new RootCommand("Measures BackupSidecar.") { compare, corpus }.Parse(args).Invoke();
