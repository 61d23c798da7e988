using BackupSidecar.Backrest.Configs;
using static BackupSidecar.Tests.Backrest.PlanScene;

namespace BackupSidecar.Tests.Backrest;

public sealed class ConfigRulesTests
{
    private const string Plan = """{"id":"p","repo":"main","paths":["/a"],"schedule":{"cron":"0 2 * * *"},"retention":{"policyKeepAll":true}}""";

    [Fact]
    public void A_configuration_that_people_have_is_accepted() => Assert.Empty(ConfigRules.Check(Config(HandMade.Config).Root, IsOurs));

    /// <summary>The first six are what the original of this program was known to write.</summary>
    [Theory]
    [InlineData("\"retention\":{\"policyKeepAll\":true}", "\"retention\":{}", "it is there without a policy")]
    [InlineData("\"policyKeepAll\":true", "\"policyTimeBucketed\":{}", "all of its counts are zero")]
    [InlineData("0 2 * * *", "", "there must be five")]
    [InlineData("0 2 * * *", "@daily", "there must be five")]
    [InlineData("0 2 * * *", "0 T * * *", "the hour field 'T'")]
    [InlineData("\"main\",\"paths\"", "\"gone\",\"paths\"", "there is no repo 'gone'")]
    [InlineData("\"policyKeepAll\":true", "\"policyTimeBucketed\":{\"daily\":0}", "all of its counts are zero")]
    [InlineData("\"policyKeepAll\":true", "\"policyKeepAll\":true,\"policyKeepLastN\":3", "at once")]
    [InlineData("0 2 * * *", "0 2 * * 7", "never comes true")]
    [InlineData("{\"cron\":\"0 2 * * *\"}", "{\"disabled\":false}", "disabled can only be true")]
    [InlineData("{\"cron\":\"0 2 * * *\"}", "{\"maxFrequencyDays\":0}", "must be at least 1")]
    [InlineData("{\"cron\":\"0 2 * * *\"}", "{\"cron\":\"0 2 * * *\",\"disabled\":true}", "at once")]
    [InlineData("\"main\",\"paths\"", "\"\",\"paths\"", "it has no repo")]
    [InlineData("[\"/a\"]", "[\"\"]", "one of its paths is empty")]
    [InlineData("\"id\":\"p\"", "\"id\":\"_p_\"", "which Backrest keeps for itself")]
    [InlineData("\"id\":\"p\"", "\"id\":\"\"", "a plan has no id")]
    [InlineData("\"id\":\"p\"", "\"id\":\"backrest_sidecar_p\",\"x\":1", null)]
    [InlineData("\"paths\":[\"/a\"]", "\"paths\":[],\"hooks\":[{\"actionCommand\":{},\"actionSlack\":{}}]", "more than one action")]
    [InlineData("[\"/a\"]", "\"/srv\"", "plans[0].paths must be a list")]
    [InlineData("[\"/a\"]", "[\"/a\"],\"excludes\":[5]", "plans[0].excludes[0] must be a text")]
    [InlineData("[\"/a\"]", "[\"/a\"],\"excludes\":[null]", "plans[0].excludes[0] must be a text")]
    [InlineData("[\"/a\"]", "[\"/a\"],\"skipIfUnchanged\":1", "plans[0].skipIfUnchanged must be true or false")]
    [InlineData("\"policyKeepAll\":true", "\"policyKeepLastN\":\"many\"", "plans[0].retention.policyKeepLastN must be a whole number")]
    [InlineData("\"policyKeepAll\":true", "\"policyKeepLastN\":\"5\"", null)]
    [InlineData("[\"/a\"]", "[\"/a\"],\"hooks\":[{\"conditions\":\"CONDITION_ANY_ERROR\"}]", "plans[0].hooks[0].conditions must be a list")]
    [InlineData("[\"/a\"]", "[\"/a\"],\"hooks\":[{\"onError\":[\"ON_ERROR_FATAL\"]}]", "plans[0].hooks[0].onError must be a name or a number")]
    public void A_plan_that_would_keep_Backrest_from_starting_is_found(string good, string bad, string? fault)
    {
        var broken = Plan.Replace(good, bad, StringComparison.Ordinal);
        Assert.NotEqual(Plan, broken);

        var faults = Check($$"""{"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[{{broken}}]}""");

        if (fault is null)
            Assert.Empty(faults);
        else
            Assert.Contains(fault, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x"},{"id":"main","uri":"y"}]}""", "two repos with the id 'main'")]
    [InlineData("""{"version":4,"repos":[{"id":"main"}]}""", "it has no uri")]
    [InlineData("""{"version":4,"repos":[{"uri":"x"}]}""", "a repo has no id")]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x","env":["NOVALUE"]}]}""", "not of the form NAME=value")]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x","prune_policy":{"schedule":{"cron":"x"}}}]}""", "prunePolicy")]
    [InlineData("""{"repos":[{"id":"main","uri":"x"}]}""", "its version is missing or below 2")]
    [InlineData("""{"version":0,"plans":[]}""", "its version is missing or below 2")]
    [InlineData("""{"version":4,"instance":"_x_"}""", "the instance '_x_'")]
    [InlineData("""{"version":4,"instance":"ääääääääääääääääääääääääää"}""", "is longer than 50 bytes")]
    [InlineData("""{"version":4,"instance":5}""", "instance must be a text")]
    [InlineData("""{"version":4,"repos":{}}""", "repos must be a list")]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x","flags":"--limit-upload=1"}]}""", "repos[0].flags must be a list")]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x","auto_unlock":"true"}]}""", "repos[0].auto_unlock must be true or false")]
    [InlineData("""{"version":4,"repos":[{"id":"main","uri":"x","prunePolicy":{"maxUnusedBytes":1.5}}]}""", "repos[0].prunePolicy.maxUnusedBytes must be a whole number")]
    [InlineData("""{"version":4,"auth":{"users":["admin"]}}""", "auth.users[0] must be an object")]
    public void So_is_anything_else(string config, string fault) => Assert.Contains(fault, Assert.Single(Check(config)), StringComparison.Ordinal);

    [Fact]
    public void Two_plans_with_one_id_are_found() =>
        Assert.Contains("two plans with the id 'p'", Assert.Single(Check($$"""{"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[{{Plan}},{{Plan}}]}""")), StringComparison.Ordinal);

    [Fact]
    public void A_plan_of_ours_needs_paths_and_one_that_is_older_than_that_rule_does_not()
    {
        Assert.Empty(Check("""{"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[{"id":"p","repo":"main"}]}"""));
        Assert.Contains("it has no paths", Assert.Single(Check("""{"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[{"id":"backrest_sidecar_p","repo":"main"}]}""")), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Check(string config) => ConfigRules.Check(Config(config).Root, IsOurs);
}
