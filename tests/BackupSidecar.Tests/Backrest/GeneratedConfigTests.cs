using System.Globalization;
using System.Text.Json;
using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Backrest.Plans;
using BackupSidecar.Docker;
using static BackupSidecar.Tests.Backrest.PlanScene;

namespace BackupSidecar.Tests.Backrest;

/// <summary>Label sets and configurations that nobody would write: what comes of them Backrest accepts, and what is not ours does not change.</summary>
public sealed class GeneratedConfigTests
{
    private const int Cases = 5000;

    private static readonly string[] Texts = ["", " ", "a,b", "zz", "0", "-1", "\"", "\\", "<&>", "ä€😀", "{{ .X }}", "\u0001", "\0", "-rf", "$(id)", "a\nb", "all", "true", "/", "//x/../y", "null", "_", "backrest_sidecar_"];
    private static readonly string[] Schedules = ["0 2 * * *", "T 3 * * 0", "t 1 1 1 *", "T T * * *", "*/0 * * * *", "0 0 31 2 *", "@daily", "0 25 * * *", "1,2,3 4-6 * * MON", "60 1 * * *", "0 2 * * 7"];
    private static readonly string[] Keeps = ["daily=7", "last=3", "last=0", "all", "within=3d", "daily=0,weekly=1", "yearly=99999999999", "Daily = 7 , last=2", "=", "daily", "daily=7,daily=0"];
    private static readonly string[] Names = ["app", "App", "a.p", "a_p", "-", "db", "w\u00fcrfel", "backrest", "keep-last", "x y"];
    private static readonly string[] Paths = ["/data", "/data/a", "/data/../etc", "data", "/data/deep/x", "/tmp/y", "/data/*.log", "//data//b", "/else", "/da\0ta", "/../..", "/data/\n", "-v"];

    [Fact]
    public void Whatever_comes_in_Backrest_starts_with_what_comes_out_and_what_is_not_ours_is_as_it_was()
    {
        var random = new Random(20261121);
        var (changed, unchanged) = (0, 0);
        for (var i = 0; i < Cases; i++)
        {
            var (json, foreign) = Config(random);
            var config = PlanScene.Config(json);
            Assert.Empty(ConfigRules.Check(config.Root, IsOurs));
            var plans = PlansFor(random, config);
            var prune = random.Next(2) == 0;

            var merged = Merge(json, plans, prune);

            if (merged.Text is null)
            {
                unchanged++;
                continue;
            }
            changed++;
            AssertWholeAndUntouched(Text(merged.Text), config, foreign);
            // What is read back is what was meant, so that a second look changes nothing.
            Assert.Null(Merge(Text(merged.Text), plans, prune).Text);
        }
        Assert.True(changed > Cases / 4 && unchanged > Cases / 50, $"{changed} changed, {unchanged} did not: the cases are not what they should be.");
    }

    private static void AssertWholeAndUntouched(string text, ConfigText before, IReadOnlyList<string> foreign)
    {
        var after = PlanScene.Config(text);
        Assert.Empty(ConfigRules.Check(after.Root, IsOurs));
        Assert.All(after.Plans.Where(plan => IsOurs(plan.TextOf("id"))), plan => Assert.True(PublishedSchema.Takes(plan), plan.GetRawText()));
        Assert.Equal(foreign, after.Plans.Where(plan => !IsOurs(plan.TextOf("id"))).Select(plan => plan.GetRawText()));
        Assert.Equal(Others(before.Root), Others(after.Root));
    }

    private static IEnumerable<string> Others(JsonElement root) =>
        root.EnumerateObject().Where(member => member.Name is not ("plans" or "modno")).Select(member => $"{member.Name}:{member.Value.GetRawText()}");

    private static IReadOnlyList<BackrestPlan> PlansFor(Random random, ConfigText config)
    {
        var defaults = Defaults with { IncludeProjectName = random.Next(2) == 0 };
        var repos = DefaultRepo.ReposOf(config);
        var all = Enumerable.Range(0, random.Next(5)).Select(_ => PlanSynthesis.Of(Container(random), defaults, DefaultRepo.Resolve(config, null, defaults.IsOurs)?.Id)).ToList();
        return [.. PlanSet.Of(PlanSet.WithoutFights(all, defaults.IncludeProjectName)).Where(plan => repos.Contains(plan.Repo))];
    }

    private static PlannedContainer Container(Random random)
    {
        var labels = new List<(string, string)>();
        Maybe("backrest.repo", ["main", "disk", .. Texts]);
        Maybe("backrest.schedule", [.. Schedules, .. Texts]);
        Maybe("backrest.keep", [.. Keeps, .. Texts]);
        Maybe("backrest.paths.include", [.. Paths, string.Join(',', Paths)]);
        Maybe("backrest.paths.exclude", [.. Paths, .. Texts]);
        Maybe("backrest.snapshot-start", Texts);
        Maybe("backrest.snapshot-end.3", Texts);
        Maybe("backrest.hooks.template", ["stop-start", "NONE", .. Texts]);
        var container = PlanScene.Container(Pick(random, Names), [.. labels]);
        ContainerMount[] mounts = [Volume("deep", "/data/deep"), Bind("/srv/[x]", "/data"), Volume(new string('0', 64), "/anonymous"), new() { Type = "tmpfs", Destination = "/tmp" }, new() { Type = "npipe", Destination = "" }];
        return container with
        {
            Service = random.Next(4) == 0 ? null : container.Service,
            Project = Pick(random, Names),
            Mounts = [.. mounts.Where(_ => random.Next(2) == 0)],
        };

        void Maybe(string label, IReadOnlyList<string> values)
        {
            if (random.Next(3) == 0)
                labels.Add((label, Pick(random, values)));
        }
    }

    /// <summary>A configuration that Backrest takes, and the text of each plan in it that is not ours.</summary>
    private static (string Json, IReadOnlyList<string> Foreign) Config(Random random)
    {
        var foreign = Enumerable.Range(0, random.Next(4)).Select(number => ForeignPlan(random, number)).ToList();
        var ours = Enumerable.Range(0, random.Next(3)).Select(number => OwnPlan(random, number)).ToList();
        var plans = foreign.Concat(ours).ToArray();
        if (random.Next(2) == 0)
            plans = [.. ours, .. foreign];
        List<string> members =
        [
            $"\"version\":{Pick(random, ["4", "6", "\"4\""])}",
            """ "repos" : [ {"id":"main","uri":"s3:x","password":"\u00e4\/\"","maxUnusedBytes":"123"} ,{"uri":"/r","id":"disk","n":1.50E+3}]""",
            $"\"plans\":{Space(random)}[{string.Join($"{Space(random)},{Space(random)}", plans)}{Space(random)}]",
            $"\"later\":{Value(random, 3)}",
            "\"auth\":{\"users\":[{\"name\":\"a\",\"passwordBcrypt\":\"b\"}]}",
        ];
        if (random.Next(4) > 0)
            members.Add($"\"modno\" :{Space(random)}{random.Next(100)}");
        var ordered = members.OrderBy(_ => random.Next()).Select(member => Space(random) + member);
        return ($"{Space(random)}{{{string.Join($"{Space(random)},", ordered)}{Space(random)}}}{Space(random)}", foreign);
    }

    private static string ForeignPlan(Random random, int number)
    {
        var id = $"{Pick(random, ["keep-last", "backrest", "Backrest_Sidecar_", "x"])}-{number}";
        var schedule = Pick(random, ["null", """{"disabled":true}""", """{"cron":"0 1 * * 0,7"}""", """{ "maxFrequencyDays" : "3" }""", "{}"]);
        var retention = Pick(random, ["null", """{"policyKeepAll":true}""", """{"policyKeepLastN":3}""", """{"policy_time_bucketed":{"keep_last_n":1}}"""]);
        return $$$"""{"repo":"main",{{{Space(random)}}}"id":"{{{id}}}","paths":["/\u0061"],"schedule":{{{schedule}}},"retention":{{{retention}}},"hooks":[{"actionSlack":{}}],"other":{{{Value(random, 2)}}}}""";
    }

    private static string OwnPlan(Random random, int number)
    {
        var id = Prefix + (number == 0 ? Pick(random, ["app", "db", "a_p", "gone"]) : $"more{number}");
        var paths = Pick(random, ["\"/a\"", "\"/b\",\"/a\"", "\"/var/lib/docker/volumes/deep/_data\""]);
        return $$$"""{"id":"{{{id}}}","repo":"{{{Pick(random, ["main", "disk"])}}}","paths":[{{{paths}}}],"excludes":[],"schedule":{"cron":"0 2 * * *","clock":"CLOCK_LOCAL"},"retention":{"policyTimeBucketed":{"daily":7,"weekly":4}},"hooks":[],"iexcludes":{{{Pick(random, ["[]", "[\"x\"]"])}}}}""";
    }

    private static string Value(Random random, int depth) => random.Next(depth > 0 ? 8 : 6) switch
    {
        0 => "null",
        1 => Pick(random, ["true", "false"]),
        2 => Pick(random, ["0", "-0", "1.0", "1e400", "123456789012345678901234567890", "0.1000"]),
        3 => Pick(random, ["\"\"", "\"\\u0041\\/\"", "\"\\ud83d\\ude00\"", "\"<&>'\"", "\"€\"", "\"plans\""]),
        4 => "\"" + random.Next().ToString(CultureInfo.InvariantCulture) + "\"",
        5 => "[ ]",
        6 => $"[{Value(random, depth - 1)},{Space(random)}{Value(random, depth - 1)}]",
        _ => $"{{\"plans\":{Value(random, depth - 1)},\"m\\u006fdno\"{Space(random)}:{Value(random, depth - 1)}}}",
    };

    private static string Space(Random random) => Pick(random, ["", "", " ", "\n", "\r\n\t", "   "]);

    private static string Pick(Random random, IReadOnlyList<string> choices) => choices[random.Next(choices.Count)];
}
