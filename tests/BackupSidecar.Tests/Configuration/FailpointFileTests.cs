using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Failpoints;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.Tests.Configuration;

/// <summary>Failpoints can be turned on by who means it, and by nobody else.</summary>
public sealed class FailpointFileTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void Nothing_fails_on_purpose_where_the_variable_is_not_set() =>
        Assert.Null(FailpointFile.Read(new Dictionary<string, string>(), _ => throw new InvalidOperationException("Nobody asked for a file.")));

    [Fact]
    public void Each_line_after_the_sentence_is_an_order()
    {
        var orders = Read($"{FailpointFile.Sentence}\nkill SpoolSealed\nthrow S3BeforePart 2\n");

        Assert.Equal([(FailureKind.Kill, Failpoint.SpoolSealed), (FailureKind.Throw, Failpoint.S3BeforePart)], orders!.Select(order => (order.Kind, order.Point)));
        Assert.Equal([true, false], [orders![0].IsDue(), orders[1].IsDue()]);
        Assert.Equal([false, true], [orders[0].IsDue(), orders[1].IsDue()]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("kill SpoolSealed")]
    [InlineData("i want this program to fail.\nkill SpoolSealed")]
    [InlineData(FailpointFile.Sentence + "\nkill SpoolSeal")]
    [InlineData(FailpointFile.Sentence + "\nkill 3")]
    [InlineData(FailpointFile.Sentence + "\nkill LockTaken,SpoolSealed")]
    [InlineData(FailpointFile.Sentence + "\n1 SpoolSealed")]
    [InlineData(FailpointFile.Sentence + "\nmaim SpoolSealed")]
    [InlineData(FailpointFile.Sentence + "\nkill SpoolSealed 0")]
    [InlineData(FailpointFile.Sentence + "\nkill SpoolSealed twice")]
    [InlineData(FailpointFile.Sentence + "\nkill SpoolSealed 1 2")]
    public void Anything_else_in_the_file_is_an_error(string text) =>
        Assert.Throws<ConfigurationException>(() => Read(text));

    [Fact(Timeout = TimeLimit)]
    public async Task A_program_that_is_told_to_fail_says_so_loudly_and_one_that_is_told_nonsense_does_nothing()
    {
        var file = _program.Path("orders");
        _program.Settings[FailpointFile.Variable] = file;

        await File.WriteAllTextAsync(file, $"{FailpointFile.Sentence}\nThrow SpoolSealed", TestContext.Current.CancellationToken);
        var failed = await _program.RunAsync("backup");
        await File.WriteAllTextAsync(file, "Throw SpoolSealed", TestContext.Current.CancellationToken);
        var refused = await _program.RunAsync("backup");

        Assert.Equal(1, failed.ExitCode);
        Assert.StartsWith("[WARN] FAILPOINTS ARE ON", failed.Errors, StringComparison.Ordinal);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(FailpointFile.Variable, refused.Errors, StringComparison.Ordinal);
        Assert.Empty(_program.Stored);
    }

    private static IReadOnlyList<FailureOrder>? Read(string text) =>
        FailpointFile.Read(new Dictionary<string, string> { [FailpointFile.Variable] = "/orders" }, _ => new FileReading(text));
}
