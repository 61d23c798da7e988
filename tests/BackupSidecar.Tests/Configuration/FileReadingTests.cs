using System.Runtime.Versioning;
using System.Text;
using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Tests.Configuration;

public sealed class FileReadingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("file-reading-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_read_as_it_is()
    {
        var reading = FileReading.Of(Written("key \r\n"u8.ToArray()));

        Assert.Equal("key \r\n", reading.Text);
        Assert.Null(reading.Problem);
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_text() =>
        Assert.Equal("key", FileReading.Of(Written([0xEF, 0xBB, 0xBF, .. "key"u8])).Text);

    [Theory]
    [SupportedOSPlatform("linux")]
    [InlineData(0b110_100_000, false)]
    [InlineData(0b110_100_100, true)]
    public void It_is_seen_who_may_read(int mode, bool expected)
    {
        var path = Written("key"u8.ToArray());
        File.SetUnixFileMode(path, (UnixFileMode)mode);

        Assert.Equal(expected, FileReading.Of(path).IsReadableByOthers);
    }

    [Fact]
    public void What_cannot_be_had_is_said()
    {
        Assert.Same(FileReading.Missing, FileReading.Of(Path.Combine(_folder, "nothing")));
        Assert.Same(FileReading.Missing, FileReading.Of(""));
        Assert.Same(FileReading.Missing, FileReading.Of("/a\0b"));
        Assert.Contains("directory", FileReading.Of(_folder).Problem);
        Assert.Contains("UTF-8", FileReading.Of(Written(Encoding.Latin1.GetBytes("schlüssel"))).Problem);
        Assert.Contains("1 MiB", FileReading.Of(Written(new byte[(1 << 20) + 1])).Problem);
        Assert.NotNull(FileReading.Of(Written(new byte[1 << 20])).Text);
    }

    private string Written(byte[] bytes)
    {
        var path = Path.Combine(_folder, "file");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
