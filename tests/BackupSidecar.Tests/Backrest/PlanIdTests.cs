using BackupSidecar.Backrest.Plans;

namespace BackupSidecar.Tests.Backrest;

public sealed class PlanIdTests
{
    [Theory]
    [InlineData("backrest_sidecar_demo_schedule", 18)]
    [InlineData("backrest_sidecar_demo_api", 41)]
    [InlineData("backrest_sidecar_db", 35)]
    [InlineData("backrest_sidecar_demo_echo", 10)]
    [InlineData("backrest_sidecar_demo_echo_lite", 39)]
    [InlineData("backrest_sidecar_backrest", 8)]
    [InlineData("default", 54)]
    public void The_minute_of_a_plan_is_the_one_that_the_original_gives_it(string id, int minute)
    {
        Assert.Equal(minute, PlanId.MinuteOf(id));
        Assert.Equal($"{minute} 2 * * *", PlanId.WithMinute(" T  2 * *\t*", id));
        Assert.Equal($"{minute} 2 * * *", PlanId.WithMinute("t 2 * * *", id));
    }

    [Fact]
    public void A_T_elsewhere_is_left_for_the_check_to_find() => Assert.Equal("0 T * * *", PlanId.WithMinute("0 T * * *", "x"));

    [Theory]
    [InlineData("backrest_sidecar_", "demo_api", "backrest_sidecar_demo_api")]
    [InlineData("backrest_sidecar_", "My-App.Web", "backrest_sidecar_my_app_web")]
    [InlineData("backrest_sidecar_", "a--b", "backrest_sidecar_a__b")]
    [InlineData("", "db", "db")]
    [InlineData("", "_db_", "db")]
    [InlineData("_mine-", "db", "mine_db")]
    [InlineData("p_", "größe", "p_gr__e")]
    public void Names_are_small_letters_digits_and_underscores(string prefix, string name, string id)
    {
        Assert.Equal(id, PlanId.From(prefix, [name]));
        Assert.StartsWith(PlanId.Beginning(prefix), id, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_nothing_in_it_gives_way_to_the_next() => Assert.Equal("p_abc", PlanId.From("p_", [null, "___", "ABC"]));

    [Fact]
    public void Without_any_name_there_is_no_plan() => Assert.Null(PlanId.From("p_", ["_", null, "-"]));

    [Theory]
    [InlineData("")]
    [InlineData("__")]
    public void A_prefix_with_nothing_in_it_tells_no_plan_from_another(string prefix) => Assert.Equal("", PlanId.Beginning(prefix));
}
