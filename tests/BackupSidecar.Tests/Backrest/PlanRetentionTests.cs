using BackupSidecar.Backrest.Plans;

namespace BackupSidecar.Tests.Backrest;

public sealed class PlanRetentionTests
{
    [Theory]
    [InlineData("daily=7,weekly=4", """{"policyTimeBucketed":{"daily":7,"weekly":4}}""")]
    [InlineData("last=5", """{"policyKeepLastN":5}""")]
    [InlineData("last=5, daily=7", """{"policyTimeBucketed":{"daily":7,"keepLastN":5}}""")]
    [InlineData("HOURLY=24,monthly=12,yearly=3", """{"policyTimeBucketed":{"hourly":24,"monthly":12,"yearly":3}}""")]
    [InlineData("daily=7,weekly=0", """{"policyTimeBucketed":{"daily":7}}""")]
    [InlineData("all", """{"policyKeepAll":true}""")]
    [InlineData("All=true", """{"policyKeepAll":true}""")]
    [InlineData("daily=2147483647", """{"policyTimeBucketed":{"daily":2147483647}}""")]
    public void What_a_label_keeps_becomes_a_policy_that_Backrest_has(string keep, string json)
    {
        Assert.True(PlanRetention.TryParse(keep, out var retention, out _));

        Assert.Equal(json, PlanJson.Write(PlanScene.Plan() with { Retention = retention })["retention"]!.ToJsonString());
    }

    [Theory]
    [InlineData("within=7d", "Backrest has no policy 'within'")]
    [InlineData("dayly=7", "Backrest has no policy 'dayly'")]
    [InlineData("daily=7,within-d=3", "Backrest has no policy 'within-d'")]
    [InlineData("all,daily=7", "'all' is not of the form key=number")]
    [InlineData("daily", "'daily' is not of the form key=number")]
    [InlineData("daily=seven", "'seven' is not a number")]
    [InlineData("daily=-1", "'-1' is not a number")]
    [InlineData("daily=2147483648", "'2147483648' is not a number")]
    [InlineData("daily=0,weekly=0", "keeps nothing")]
    [InlineData("last=0", "keeps nothing")]
    [InlineData(",", "keeps nothing")]
    public void What_Backrest_would_not_start_with_is_refused(string keep, string problem)
    {
        Assert.False(PlanRetention.TryParse(keep, out var retention, out var said));

        Assert.Null(retention);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }
}
