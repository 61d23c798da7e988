using BackupSidecar.Http;

namespace BackupSidecar.Tests.Http;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Values_are_read_back_as_they_were_written_whatever_names_hold()
    {
        var text = new PrometheusText();
        text.Gauge("a", "First.", new Sample(1.5, ("name", "quote \" back \\ line \n end"), ("kind", "x")), Sample.Of(true));
        text.Counter("b_total", "Second.", new Sample(12_345_678_901));
        text.Gauge("none", "Nothing to say.");

        var values = PrometheusReader.Read(text.ToString());

        Assert.Equal(1.5, values["""backup_sidecar_a{name="quote \" back \\ line \n end",kind="x"}"""]);
        Assert.Equal(1, values["backup_sidecar_a"]);
        Assert.Equal(12_345_678_901, values["backup_sidecar_b_total"]);
        Assert.Equal(3, values.Count);
    }
}
