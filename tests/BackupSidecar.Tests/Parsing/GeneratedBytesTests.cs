using System.Diagnostics;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Parsing;

/// <summary>
/// Whatever others write, the answer is a value or a refusal: never another exception, never more than a second, never more than
/// 64 MiB. Inputs are valid ones with a few changes, and noise. (What operators type has such a test beside the settings.)
/// </summary>
public sealed class GeneratedBytesTests
{
    private const int Inputs = 20_000;
    private const long MostBytes = 64 << 20;

    public static TheoryData<string> Parsers => [.. Parser.All.Keys];

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Every_input_is_read_or_refused(string name)
    {
        var parser = Parser.All[name];
        var random = LongRun.Random(name.Sum(character => character));
        foreach (var valid in parser.Valid)
            parser.Read(valid);

        var inputs = parser.IsSlow ? LongRun.Of(4_000, Inputs) : Inputs;
        for (var i = 0; i < inputs; i++)
        {
            var input = random.Next(8) == 0 ? Mutation.Noise(random.Next(300), random) : Mutation.Of(parser.Valid[random.Next(parser.Valid.Length)], random);
            Read(parser, input, i);
        }
    }

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Every_valid_input_may_be_cut_at_any_byte(string name)
    {
        var parser = Parser.All[name];
        foreach (var valid in parser.Valid)
        {
            for (var length = 0; length < valid.Length; length += parser.IsSlow && length > 100 ? LongRun.Of(7, 1) : 1)
                Read(parser, valid[..length], length);
        }
    }

    private static void Read(Parser parser, byte[] input, int number)
    {
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            parser.Read(input);
        }
        catch (Exception error)
        {
            Assert.Fail($"Input {number} of seed {LongRun.Seed}, {Convert.ToHexStringLower(input)}: {error}");
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MostBytes, $"Input {number} of seed {LongRun.Seed}, {Convert.ToHexStringLower(input)}, took {allocated} bytes.");
        // A machine that is busy elsewhere is not the parser's fault: what takes long takes long again.
        if (watch.Elapsed.TotalSeconds > 1)
            Assert.True(Enumerable.Range(0, 3).Any(_ => Time(parser, input) < 1), $"Input {number} of seed {LongRun.Seed}, {Convert.ToHexStringLower(input)}, took {watch.Elapsed}.");
    }

    private static double Time(Parser parser, byte[] input)
    {
        var watch = Stopwatch.StartNew();
        parser.Read(input);
        return watch.Elapsed.TotalSeconds;
    }
}
