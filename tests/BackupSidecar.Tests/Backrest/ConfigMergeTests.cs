using System.Text.Json;
using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Backrest.Plans;
using static BackupSidecar.Tests.Backrest.PlanScene;

namespace BackupSidecar.Tests.Backrest;

public sealed class ConfigMergeTests
{
    private static BackrestPlan Old => Plan(Prefix + "old") with { Paths = ["/var/lib/docker/volumes/old/_data"] };

    [Fact]
    public void A_new_plan_is_added_and_every_other_byte_stays_but_the_modification_number()
    {
        var merged = Merge(HandMade.Config, [Old, Plan()]);

        var expected = HandMade.Config
            .Replace("\"modno\":  17", "\"modno\":  18", StringComparison.Ordinal)
            .Replace("\"skipIfUnchanged\": true }\n  ],", "\"skipIfUnchanged\": true },\n    " + Written(Plan()) + "\n  ],", StringComparison.Ordinal);
        Assert.Equal([Prefix + "app"], merged.Added);
        Assert.Empty(merged.Updated);
        Assert.Equal(Squeezed(expected), Squeezed(Text(merged.Text)));
        Assert.Contains(HandMade.Config[HandMade.Config.IndexOf("{ \"id\": \"hooks\"", StringComparison.Ordinal)..HandMade.Config.IndexOf("{ \"id\": \"backrest_sidecar_old\"", StringComparison.Ordinal)].TrimEnd(',', ' ', '\n'), Text(merged.Text), StringComparison.Ordinal);
        Assert.Empty(ConfigRules.Check(Config(Text(merged.Text)).Root, IsOurs));
    }

    [Fact]
    public void What_Backrest_writes_out_of_our_plan_is_no_change()
    {
        var merged = Merge(HandMade.Config, [Old]);

        Assert.Null(merged.Text);
        Assert.Equal(0, merged.Changes);
    }

    [Fact]
    public void A_plan_of_ours_that_changes_keeps_what_labels_do_not_decide()
    {
        var merged = Merge(HandMade.Config, [Old with { Cron = "5 3 * * *", Excludes = ["/x"], Retention = null }]);

        var plan = Config(Text(merged.Text)).Plans.Single(plan => plan.TextOf("id") == Prefix + "old");
        Assert.Equal([Prefix + "old"], merged.Updated);
        Assert.Equal("""{"id":"backrest_sidecar_old","repo":"main","paths":["/var/lib/docker/volumes/old/_data"],"excludes":["/x"],"iexcludes":["mine"],"backup_flags":["--tag","x"],"schedule":{"cron":"5 3 * * *","clock":"CLOCK_LOCAL"},"skipIfUnchanged":true}""", JsonSerializer.Serialize(plan));
    }

    [Fact]
    public void Hooks_that_are_no_commands_stay_in_our_plans_and_commands_follow_the_labels()
    {
        var config = Text(Merge(HandMade.Config, [Old with { Hooks = [new CommandHook(["CONDITION_SNAPSHOT_END"], "one")] }]).Text)
            .Replace("\"hooks\": [\n        {\n", "\"hooks\": [\n        { \"conditions\": [\"CONDITION_ANY_ERROR\"], \"actionSlack\": { \"webhookUrl\": \"https://s\" } }, {\n", StringComparison.Ordinal);
        Assert.Contains("actionSlack\": { \"webhookUrl\": \"https://s\" } }, {", config, StringComparison.Ordinal);

        Assert.Null(Merge(config, [Old with { Hooks = [new CommandHook(["CONDITION_SNAPSHOT_END"], "one")] }]).Text);
        var merged = Merge(config, [Old with { Hooks = [new CommandHook(["CONDITION_SNAPSHOT_END"], "two")] }]);

        var hooks = Config(Text(merged.Text)).Plans.Single(plan => plan.TextOf("id") == Prefix + "old").GetProperty("hooks");
        Assert.Equal(
            """[{"conditions":["CONDITION_SNAPSHOT_END"],"actionCommand":{"command":"two"}},{"conditions":["CONDITION_ANY_ERROR"],"actionSlack":{"webhookUrl":"https://s"}}]""",
            JsonSerializer.Serialize(hooks));
    }

    [Fact]
    public void Plans_of_the_original_are_mended()
    {
        const string config = """{"modno":1,"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[{"id":"backrest_sidecar_app","repo":"main","paths":["/var/lib/docker/volumes/data/_data"],"pathsExclude":["/x"],"schedule":{"cron":"0 2 * * *","clock":"CLOCK_LOCAL"},"retention":{}}]}""";

        var merged = Merge(config, [Plan() with { Excludes = ["/x"] }]);

        var plan = JsonSerializer.Serialize(Assert.Single(Config(Text(merged.Text)).Plans));
        Assert.DoesNotContain("pathsExclude", plan, StringComparison.Ordinal);
        Assert.Contains("\"excludes\":[\"/x\"]", plan, StringComparison.Ordinal);
        Assert.Empty(ConfigRules.Check(Config(Text(merged.Text)).Root, IsOurs));
    }

    [Fact]
    public void Plans_without_a_container_stay_until_somebody_asks_to_remove_them()
    {
        Assert.Equal([Prefix + "old"], Merge(HandMade.Config, []).Stale);
        Assert.Null(Merge(HandMade.Config, []).Text);

        var pruned = Merge(HandMade.Config, [], prune: true);

        Assert.Equal([Prefix + "old"], pruned.Removed);
        Assert.Equal(6, Config(Text(pruned.Text)).Plans.Count);
        Assert.DoesNotContain("backrest_sidecar_old", Text(pruned.Text), StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_whose_labels_are_wrong_keeps_its_plan_even_if_others_are_removed() =>
        Assert.Null(Merge(HandMade.Config, [], prune: true, living: [Prefix + "old"]).Text);

    [Fact]
    public void Without_a_prefix_plans_are_added_and_never_touched()
    {
        var merged = Merge(HandMade.Config, [Plan("keep-last"), Plan("fresh")], beginning: "");

        Assert.Equal(["keep-last"], merged.Taken);
        Assert.Equal(["fresh"], merged.Added);
        Assert.Contains("""{ "id": "keep-last", "repo": "main", "paths": ["/a", "/b"], "retention": { "policyKeepLastN": 30 }, "schedule": { "cron": "0 1 * * 0,7" } }""", Text(merged.Text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}]}""", 1)]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}],"plans":null,"modno":"41"}""", 42)]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[],"modno":0}""", 1)]
    [InlineData("""{"modno":null,"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[]}""", 1)]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}],"modno":7.0,"plans":[]}""", 8)]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}],"modno":"7.0","plans":[]}""", 8)]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}],"modno":1e2,"plans":[]}""", 101)]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"}],"modno":"\u0037","plans":[]}""", 8)]
    [InlineData("""{"pl\u0061ns":[ ],"version":4,"repos":[{"id":"main","uri":"x"}],"modno":2147483647}""", 2147483647)]
    public void Lists_and_numbers_that_are_missing_or_spelt_otherwise_are_found(string config, int modno)
    {
        var merged = Merge(config, [Plan()]);

        var root = Config(Text(merged.Text)).Root;
        Assert.Equal(modno, root.GetProperty("modno").GetInt32());
        Assert.Single(root.GetProperty("plans").EnumerateArray());
        Assert.Empty(ConfigRules.Check(root, IsOurs));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("\uFEFF{}")]
    [InlineData("""{"plans":{}}""")]
    [InlineData("""{"plans":[],"plans":[]}""")]
    [InlineData("""{"x":{"a":1,"a":2}}""")]
    [InlineData("""{"x":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":1} {"b":2}""")]
    [InlineData("""{"a":1,}""")]
    public void What_Backrest_could_not_read_is_left_alone(string config) =>
        Assert.Contains("so it is left alone", Assert.Throws<BackrestException>(() => Config(config)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"action_command\"", "\"on_error\"")]
    [InlineData("\"actionCommand\"", "\"onError\"")]
    [InlineData("\"actionSlack\":null,\"actionCommand\"", "\"onError\"")]
    public void Hooks_in_the_spelling_of_the_schema_are_read_and_never_doubled(string action, string onError)
    {
        var config = $$$"""{"modno":1,"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[{"id":"backrest_sidecar_app","repo":"main","paths":["/var/lib/docker/volumes/data/_data"],"schedule":{"cron":"0 2 * * *","clock":"CLOCK_LOCAL"},"retention":{"policy_time_bucketed":{"daily":7,"weekly":"4"}},"hooks":[{"conditions":["CONDITION_SNAPSHOT_START"],{{{onError}}}:"ON_ERROR_FATAL",{{{action}}}:{"command":"one"}},{"actionCommand":null,"action_slack":{"webhook_url":"https://s"}}]}]}""";
        var plan = Plan() with { Hooks = [new CommandHook([CommandHook.SnapshotStart], "one", CommandHook.Fatal)] };

        Assert.Null(Merge(config, [plan]).Text);
        var changed = Merge(config, [plan with { Hooks = [new CommandHook([CommandHook.SnapshotStart], "two", CommandHook.Fatal)] }]);

        var hooks = Config(Text(changed.Text)).Plans[0].GetProperty("hooks");
        Assert.Equal("two", hooks[0].GetProperty("actionCommand").GetProperty("command").GetString());
        Assert.Equal((2, "https://s"), (hooks.GetArrayLength(), hooks[1].GetProperty("action_slack").GetProperty("webhook_url").GetString()));
    }

    private static string Written(BackrestPlan plan) => PlanJson.Write(plan).ToJsonString();

    /// <summary>Without the white space that stands before and after members: only that of our own plan is ours to choose.</summary>
    private static string Squeezed(string json) => string.Concat(json.Where(character => !char.IsWhiteSpace(character)));
}
