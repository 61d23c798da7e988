using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Tests.Configuration;

/// <summary>Whatever an operator types, the answer is a value or a fault, never an exception.</summary>
public sealed class GeneratedInputTests
{
    private const int Inputs = 20_000;

    private static readonly string[] Pieces =
    [
        "BACKUP_", "NAME", "POSTGRES", "_1", "_FILE", "=", "\n", "\r\n", "\"", "'", "$", "${", "}", "#", " ", "\t", "export ", "\\", "\0", "\uFEFF",
        "postgres://", "postgresql://", "mongodb://", "mongodb+srv://", "https://", "unix://", "user", ":", "@", "/", "?", "&", "[", "]", "::1", ",", ";",
        "%", "%2", "%40", "%00", "%zz", "..", ".", "-", "+", "0", "9", "99999999999", "1h", "30m", "7 d", "MiB", "Europe/", "Berlin", "é", "漢", "\uD800",
        "\uE000", "sslpassword=x", "host=/run", "port=1,2",
    ];

    public static TheoryData<string> Parsers => [.. Parsing.Keys];

    private static Dictionary<string, Func<string, object?>> Parsing { get; } = new()
    {
        ["duration"] = text => DurationText.TryParse(text, out _),
        ["period"] = text => PeriodText.TryParse(text, out _),
        ["size"] = text => SizeText.TryParse(text, out _),
        ["flag"] = text => FlagText.TryParse(text, out _),
        ["name"] = text => BackupNameText.IsValid(text),
        ["path"] = text => PathText.TryParseNamed(text, out _, out _),
        ["time zone"] = text => TimeZoneText.TryParse(text, out _),
        ["nearest"] = text => Nearest.To(text, SettingTable.ByName.Keys),
        ["names"] = text => ListText.Names(text),
        ["paths"] = text => ListText.Paths(text),
        ["uris"] = text => ListText.Uris(text),
        ["postgres"] = text => PostgresUri.TryParse("postgres://" + text, out _, out _),
        ["postgres, any scheme"] = text => PostgresUri.TryParse(text, out _, out _),
        ["mongodb"] = text => MongodbUri.TryParse("mongodb://" + text, out _, out _),
        ["mysql"] = text => MysqlUri.TryParse("mysql://" + text, out _, out _),
        ["redis"] = text => RedisUri.TryParse("redis://" + text, out _, out _),
        ["parameters of ours"] = text => OurParameters(text),
        ["endpoint"] = text => WebUri.EndpointProblem(text, out _),
        ["endpoint, with scheme"] = text => WebUri.EndpointProblem("http://" + text, out var uri) is null && WebUri.IsPrivate(uri),
        ["engine"] = text => WebUri.EngineProblem(text, out _),
        ["quotes"] = text => QuotedText.TryUnwrap(text, out var unwrapped) && QuotedText.IsOpened(unwrapped),
        ["shown"] = text => Shown.Quote(text),
        ["env file"] = text => EnvFile.Parse(text),
        ["env file, one value"] = text => EnvFile.Parse("A=" + text),
        ["variable"] = text => Variable.TryParse("BACKUP_" + text, out _),
    };

    private static DatabaseUri? OurParameters(string text)
    {
        try
        {
            return DatabaseUriText.Split("mysql://db?backup.name=" + text + "&backup." + text, [DatabaseUriText.Name, DatabaseUriText.Via]);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Every_input_is_read_or_refused(string parser)
    {
        var random = new Random(4);
        for (var i = 0; i < Inputs; i++)
            _ = Parsing[parser](Text(random));
    }

    [Fact]
    public void Every_configuration_is_read_or_refused()
    {
        var random = new Random(5);
        var names = SettingTable.All.SelectMany(setting => new[] { setting.Name, setting.Name + "_FILE", setting.Name + "_1" }).ToArray();
        for (var i = 0; i < Inputs; i++)
        {
            var said = random.Next(2) == 0 ? Said.Enough : Said.Nothing;
            for (var count = random.Next(5); count >= 0; count--)
                said.With(names[random.Next(names.Length)], Text(random));
            var reading = said.WithFile("/config/backup.env", Text(random)).WithFile("/", Text(random)).Read();

            Assert.Equal(reading.Faults.Count > 0, reading.Settings is null);
        }
    }

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => Pieces[random.Next(Pieces.Length)]));
}
