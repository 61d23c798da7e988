using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Processes;

namespace BackupSidecar.Planning;

/// <summary>A restore plan as a person reads it before agreeing to it.</summary>
internal static class RestorePlanText
{
    public static string Of(RestorePlan plan, IReadOnlyList<string> services)
    {
        var text = new StringBuilder();
        text.Append("Restore of ").Append(plan.Archive).Append('\n');
        foreach (var step in plan.Steps)
            text.Append("  ").Append(step.Source.Entry).Append(From(step)).Append(" -> ").Append(Target(step, plan)).Append(Note(step)).Append('\n');
        foreach (var source in plan.Skipped)
            text.Append("  not restored: ").Append(source.Name).Append(": ").Append(source.Reason).Append('\n');
        if (plan.ToDirectory is not null)
            text.Append("Nothing else is touched.\n");
        else if (services.Count > 0)
            text.Append("Services that stand still meanwhile: ").AppendJoin(", ", services).Append('\n');
        return text.ToString();
    }

    /// <summary>Where it was, if it goes elsewhere now.</summary>
    private static string From(RestoreStep step) =>
        step is { Target: { } target, Source.Manifest.Origin: { } origin } && origin != target.Origin ? $", from {origin}" : "";

    private static string Target(RestoreStep step, RestorePlan plan) => step.Target switch
    {
        null => Path.Combine(plan.ToDirectory ?? "", step.Source.Entry),
        DatabaseSourcePlan { IsGlobals: true } globals => $"roles and tablespaces of {globals.Origin} (missing ones are created, others stay as they are)",
        DatabaseSourcePlan database when plan.DatabaseAs is { } name => $"a new database {name} beside {database.Origin}, which is not touched",
        DatabaseSourcePlan { Kind: SourceKind.Mysql } database => $"database {database.Origin} (made equal to the backup; what was added since goes)",
        DatabaseSourcePlan { Kind: SourceKind.Redis } database => $"server {database.Origin} (stopped and started again; all that it holds is replaced)",
        DatabaseSourcePlan database => $"database {database.Origin} (what the backup holds of it is replaced; what was added since stays)",
        SqliteSourcePlan sqlite when plan.DatabaseAs is { } name =>
            $"a new file {Path.Combine(Path.GetDirectoryName(RealPath.Of(sqlite.Path)) ?? "/", name)} beside {sqlite.Path}, which is not touched",
        DirectorySourcePlan directory when plan.Merge => $"directory {directory.Path} (laid over what is there; nothing else is removed)",
        DirectorySourcePlan directory => $"directory {directory.Path} (made equal to the backup; other files in it go)",
        _ => $"file {step.Target.Origin} (replaced)",
    };

    private static string Note(RestoreStep step) => step.Source.Manifest switch
    {
        null => "; nobody vouches for it",
        { State: SourceState.Incomplete } source => $"; INCOMPLETE in this backup: {source.Problem ?? "see its manifest"}",
        _ => "",
    };
}
