using System.Text;
using BackupSidecar.Archives.Tar;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Hostile;

/// <summary>
/// Streams of the corpus with records changed, repeated, swapped and lost, whose checksums are right again: nobody thought of
/// them. What tar makes of one is compared with what we had judged.
/// </summary>
public sealed class GeneratedHostileTests
{
    private const int RecordBytes = 512;

    private static readonly string[] Words =
        ["data", "data/", "data/x", "data/x/", "data/first", "data/out", "data/out/bird", "../canary", "../../../canary/bird", "/tmp/backup-sidecar-canary", "data/../x", ""];

    private static readonly string[] Streams = [.. HostileCorpus.All.Keys.Where(name => HostileCorpus.Stream(name, "/canary").Length < 16 * 1024)];

    [Fact]
    public async Task What_nobody_thought_of_changes_nothing_outside_either()
    {
        var random = LongRun.Random();
        var restored = 0;
        var count = LongRun.Of(100, 10_000);
        for (var i = 0; i < count; i++)
        {
            using var scene = new HostileScene();
            var stream = Mutate(HostileCorpus.Stream(Streams[random.Next(Streams.Length)], scene.Canary), random);
            var (road, mode) = ((Road)random.Next(3), (Mode)random.Next(3));
            try
            {
                var report = await scene.RestoreAsync(stream, road, mode);
                restored += report.Outcome == RunOutcome.Succeeded ? 1 : 0;
                if (report.Outcome == RunOutcome.Succeeded && mode == Mode.To)
                    Assert.Subset(Judged(stream), scene.Unpacked());
            }
            catch (Exception error)
            {
                Assert.Fail($"Stream {i} of seed {LongRun.Seed}, {road}, {mode}, {Convert.ToBase64String(stream)}: {error}");
            }
        }

        LongRun.Tell($"{count} streams, {restored} restored without their sting, the others refused");
        Assert.InRange(restored, 1, count - 1);
    }

    /// <summary>The names that we read in it, and the directories that they stand in.</summary>
    private static HashSet<string> Judged(byte[] stream)
    {
        var names = new HashSet<string>();
        var parser = new TarParser(new MemoryStream(stream));
        while (parser.Next() is { } header)
        {
            for (var name = header.Name; !string.IsNullOrEmpty(name); name = Path.GetDirectoryName(name))
                names.Add(name);
        }
        return names;
    }

    private static byte[] Mutate(byte[] stream, Random random)
    {
        var records = stream.Chunk(RecordBytes).ToList();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(records.Count);
            switch (random.Next(6))
            {
                case 0:
                    records.Insert(random.Next(records.Count), records[at].ToArray());
                    break;
                case 1 when records.Count > 1:
                    records.RemoveAt(at);
                    break;
                case 2:
                    records.Insert(at, TarStream.Header(Words[random.Next(Words.Length)], "0123456 7SLKxg"[random.Next(14)], change: record => Put(record, 157, Words[random.Next(Words.Length)])));
                    break;
                case 3:
                    records[at] = Mutation.Noise(RecordBytes, random);
                    break;
                default:
                    records[at] = Changed(records[at], random);
                    break;
            }
        }
        return [.. records.SelectMany(record => record)];
    }

    private static byte[] Changed(byte[] record, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                Put(record, 0, Words[random.Next(Words.Length)] + "\0");
                break;
            case 1:
                Put(record, 157, Words[random.Next(Words.Length)] + "\0");
                break;
            case 2:
                record[156] = (byte)"0123456\07SLKx"[random.Next(13)];
                break;
            case 3:
                Put(record, 124, Convert.ToString(512 * random.Next(4), 8).PadLeft(11, '0'));
                break;
            default:
                record[random.Next(RecordBytes)] = (byte)random.Next(256);
                break;
        }
        return TarStream.WithChecksum(record);
    }

    private static void Put(byte[] record, int position, string text) => Encoding.Latin1.GetBytes(text).CopyTo(record, position);
}
