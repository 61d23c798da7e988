using BackupSidecar.Databases.PostgreSql;

namespace BackupSidecar.Tests.Databases;

public sealed class PostgresClientsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("backup-sidecar-clients-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(9, 14)]
    [InlineData(14, 14)]
    [InlineData(15, 16)]
    [InlineData(16, 16)]
    [InlineData(17, 17)]
    [InlineData(18, 17)]
    public async Task The_oldest_client_that_reads_the_server_is_chosen_or_the_newest(int server, int client)
    {
        foreach (var major in new[] { 16, 14, 17 })
            Install(major);
        Directory.CreateDirectory(Path.Combine(_root, "15", "lib"));
        Directory.CreateDirectory(Path.Combine(_root, "common"));

        var chosen = await new PostgresClients(_root).ForServerAsync(server, Cancellation);

        Assert.Equal(client, chosen.Major);
        Assert.Equal($"{client}.4", chosen.Version);
        Assert.Equal(Path.Combine(_root, $"{client}", "bin", "psql"), chosen.Program("psql"));
    }

    [Fact]
    public async Task Without_any_the_path_decides()
    {
        var chosen = await new PostgresClients(Path.Combine(_root, "nowhere")).NewestAsync(Cancellation);

        Assert.Equal("psql", chosen.Program("psql"));
        Assert.InRange(chosen.Major, 9, 99);
    }

    private void Install(int major)
    {
        var program = Path.Combine(Directory.CreateDirectory(Path.Combine(_root, $"{major}", "bin")).FullName, "pg_dump");
        File.WriteAllText(program, $"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.4 (Debian {major}.4-1)'\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
