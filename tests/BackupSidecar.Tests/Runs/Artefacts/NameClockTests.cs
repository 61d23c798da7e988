using BackupSidecar.Runs.Artefacts;

namespace BackupSidecar.Tests.Runs.Artefacts;

/// <summary>Backups of one name, due in the same moment.</summary>
public sealed class NameClockTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("backup-sidecar-names-").FullName;

    [Fact]
    public void Who_comes_in_the_same_second_gets_the_next_one()
    {
        var name = SomeArtefact.Named("prod/postgres-app-20261121225500.dump.gz");
        var other = SomeArtefact.Named("postgres-app-20261121225500.dump.gz");

        Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(_ => NameClock.Take(_state, name).Second));
        Assert.Equal(0, NameClock.Take(_state, other).Second);
        Assert.Equal(name.LocalTime.AddHours(-1), NameClock.Take(_state, name with { LocalTime = name.LocalTime.AddHours(-1) }).UtcDateTime);
    }

    [Fact]
    public void What_was_torn_counts_for_nothing()
    {
        var name = SomeArtefact.Named("prod/postgres-app-20261121225500.dump.gz");
        NameClock.Take(_state, name);
        File.WriteAllText(Directory.GetFiles(Path.Combine(_state, "names")).Single(), "99999999999999999999999999");

        Assert.Equal(name.LocalTime, NameClock.Take(_state, name).UtcDateTime);
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);
}
