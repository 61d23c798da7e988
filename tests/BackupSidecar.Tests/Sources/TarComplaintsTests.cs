using BackupSidecar.Processes;
using BackupSidecar.Sources;

namespace BackupSidecar.Tests.Sources;

public sealed class TarComplaintsTests
{
    [Theory]
    [InlineData("tar: ./app.sock: socket ignored", 0, "app.sock: socket ignored", false)]
    [InlineData(@"tar: ./a\:b\\: socket ignored", 0, @"a:b\\: socket ignored", false)]
    [InlineData("tar: ./f: File removed before we read it", 1, "f: File removed before we read it", false)]
    [InlineData("tar: .: file changed as we read it", 1, ".: entries came or went while it was read", false)]
    [InlineData("tar: ./f: Warning: Cannot flistxattr: Operation not permitted", 0, "f: Warning: Cannot flistxattr: Operation not permitted", false)]
    [InlineData("tar: ./f: file changed as we read it", 1, "f: file changed as we read it", true)]
    [InlineData("tar: ./f: File shrank by 25000000 bytes; padding with zeros", 1, "f: File shrank by 25000000 bytes; padding with zeros", true)]
    [InlineData(@"tar: ./es\033c\n: Cannot open: Permission denied", 2, @"es\033c\n: Cannot open: Permission denied", true)]
    [InlineData("tar: ./f: Read error at byte 0, while reading 512 bytes: Input/output error", 2, "f: Read error at byte 0, while reading 512 bytes: Input/output error", true)]
    public void Each_complaint_is_kept_and_weighed(string line, int exitCode, string note, bool isIncomplete)
    {
        var complaints = Complaints();
        complaints.Add(line);
        complaints.Add("tar: Exiting with failure status due to previous errors");

        Assert.Equal([note], complaints.Skipped);
        Assert.Equal(isIncomplete, complaints.Problem(new ProcessResult(exitCode, line)) is not null);
    }

    [Fact]
    public void Without_complaints_the_exit_code_decides()
    {
        var complaints = Complaints();

        Assert.Null(complaints.Problem(new ProcessResult(0, "")));
        Assert.Equal("tar ended with exit code 1: hm", complaints.Problem(new ProcessResult(1, "hm")));
        Assert.Equal("tar ended with exit code 2: hm", complaints.Problem(new ProcessResult(2, "hm")));
    }

    [Fact]
    public void A_harmless_note_does_not_excuse_a_failure()
    {
        var complaints = Complaints();
        complaints.Add("tar: ./app.sock: socket ignored");

        Assert.NotNull(complaints.Problem(new ProcessResult(2, "out of memory")));
    }

    [Fact]
    public void Of_a_million_complaints_a_hundred_are_kept_and_the_worse_come_first()
    {
        var complaints = Complaints();
        for (var i = 0; i < 1_000_000; i++)
            complaints.Add($"tar: ./{i}: socket ignored");
        for (var i = 0; i < 5; i++)
            complaints.Add($"tar: ./bad{i}: Cannot open: Permission denied");

        Assert.Equal(100, complaints.Skipped.Count);
        Assert.Equal("bad0: Cannot open: Permission denied", complaints.Skipped[0]);
        Assert.Contains("and 2 more", complaints.Problem(new ProcessResult(2, "")));
    }

    [Fact]
    public void A_file_with_two_complaints_counts_once()
    {
        var complaints = Complaints();
        complaints.Add("tar: ./f: File shrank by 5 bytes; padding with zeros");
        complaints.Add("tar: ./f: file changed as we read it");

        Assert.Equal(["f: File shrank by 5 bytes; padding with zeros"], complaints.Skipped);
    }

    [Fact]
    public void Generated_lines_are_taken_without_a_failure()
    {
        var random = new Random(20261123);
        var complaints = Complaints();
        for (var i = 0; i < 20_000; i++)
            complaints.Add((random.Next(3) == 0 ? "" : "tar: ") + new string(random.GetItems<char>(@"a: \./f", random.Next(0, 20))));

        Assert.True(complaints.Skipped.Count <= 100);
    }

    [Theory]
    [InlineData(0u, 0ul, "Cannot open: Permission denied", "lacks the capability DAC_READ_SEARCH (cap_add: [DAC_READ_SEARCH])", "BACKUP_STOP_SERVICES")]
    [InlineData(1000u, 0ul, "Cannot open: Permission denied", "User 1000 may not read it", "BACKUP_STOP_SERVICES")]
    [InlineData(0u, 4ul, "Cannot open: Permission denied", "look at how it is mounted", "cap_add")]
    [InlineData(0u, 0ul, "file changed as we read it", "BACKUP_STOP_SERVICES", "DAC_READ_SEARCH")]
    public void Each_problem_says_what_to_do_about_it(uint user, ulong rights, string what, string advice, string notThis)
    {
        var complaints = new TarComplaints(Path.GetTempPath(), new Capabilities(user, user, rights));
        complaints.Add($"tar: ./secret: {what}");

        var problem = complaints.Problem(new ProcessResult(2, ""));

        Assert.Contains($"secret: {what}", problem, StringComparison.Ordinal);
        Assert.Contains(advice, problem, StringComparison.Ordinal);
        Assert.DoesNotContain(notThis, problem, StringComparison.Ordinal);
    }

    private static TarComplaints Complaints() => new(Path.GetTempPath(), new Capabilities(0, 0, 0));
}
