using BackupSidecar.Commands;
using BackupSidecar.Configuration;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Commands;

public sealed class ConsoleLoggerTests
{
    [Theory]
    [InlineData("plain", "[INFO] plain\n")]
    [InlineData("the name \e[2J of a file", "[INFO] the name \\x1b[2J of a file\n")]
    [InlineData("refused\n\tIs it running?\n", "[INFO] refused\n     Is it running?\n")]
    [InlineData("a\n[INFO] Backup completed successfully", "[INFO] a\n    [INFO] Backup completed successfully\n")]
    [InlineData("the key is hunter2secret", "[INFO] the key is ***\n")]
    public void Text_cannot_command_a_terminal_pass_for_another_line_or_show_a_secret(string text, string line)
    {
        using var file = new StringWriter { NewLine = "\n" };

        Logger(file).LogInformation("{Text}", text);

        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} ", file.ToString());
        Assert.Equal(line, file.ToString()["2026-11-20 03:00:00 ".Length..]);
    }

    [Fact]
    public void A_log_file_that_cannot_be_written_is_given_up_and_the_work_goes_on()
    {
        using var full = LogFile.Open("/dev/full");
        var log = Logger(full!); // It can be opened; writing is what fails.

        log.LogInformation("one");
        log.LogInformation("two");
    }

    private static ConsoleLogger Logger(TextWriter file) =>
        new(new LogSettings(), new Redactor(["hunter2secret"]), TimeProvider.System, terminal: false, file);
}
