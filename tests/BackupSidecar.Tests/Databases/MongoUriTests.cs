using BackupSidecar.Databases;

namespace BackupSidecar.Tests.Databases;

public sealed class MongoUriTests
{
    [Theory]
    [InlineData("mongodb://h", "h:27017", null)]
    [InlineData("mongodb://u:p@h:1/shop", "h:1", "shop")]
    [InlineData("mongodb://u:p@h1:1,h2,[2001:db8::1]:3,[::1]/shop?x=y/z@a", "h1:1 h2:27017 2001:db8::1:3 ::1:27017", "shop")]
    [InlineData("mongodb://u@%2Ftmp%2Fmongodb.sock/my%20shop", "", "my shop")]
    [InlineData("mongodb://h/?replicaSet=r", "h:27017", null)]
    [InlineData("mongodb+srv://u:p@cluster.example.com/shop", "", "shop")]
    [InlineData("", "", null)]
    public void Hosts_and_database_are_read(string uri, string hosts, string? database)
    {
        Assert.Equal(hosts, string.Join(' ', MongoUri.Hosts(uri).Select(address => $"{address.Host}:{address.Port}")));
        Assert.Equal(database, MongoUri.Database(uri));
    }

    [Fact]
    public void Generated_text_is_read_without_a_failure()
    {
        var random = new Random(20261122);
        for (var i = 0; i < 20_000; i++)
        {
            var text = (random.Next(2) == 0 ? "mongodb://" : "") + new string(random.GetItems<char>("ab:/@?&=%,[]9é", random.Next(0, 25)));
            Assert.All(MongoUri.Hosts(text), address => Assert.InRange(address.Port, 1, 65535));
            Assert.NotEqual("", MongoUri.Database(text));
        }
    }
}
