namespace BackupSidecar.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Builds() => Assert.NotNull(typeof(FsCheck.Gen<int>));
}
