using System.Text;
using BackupSidecar.Tests.Archives;

namespace BackupSidecar.Tests.Hostile;

/// <summary>A part of the corpus.</summary>
/// <param name="Name">In words.</param>
/// <param name="IsRefused">Whether it must be refused, or restored without its sting; null where both are right.</param>
/// <param name="Records">Its records, for a canary's path.</param>
internal sealed record HostileContent(string Name, bool? IsRefused, Func<string, byte[][]> Records);

/// <summary>
/// What an attacker may put into an archive behind a harmless "data/" and "data/first", record by record. A canary stands
/// beside the target; the corpus knows its absolute path, and how it is reached from the target and from where things are unpacked.
/// </summary>
internal static class HostileCorpus
{
    private const string Outside = "/tmp/backup-sidecar-canary";

    /// <summary>From the target, from the folder in it that is unpacked into, and from one level more: one of them leads out.</summary>
    private static readonly string[] Ways = ["../canary", "../../canary", "../../../canary", "../../../../canary"];

    public static Dictionary<string, HostileContent> All { get; } =
        new[] { Names(), ExtendedNames(), Links(), HardLinks(), Roots(), Kinds(), Smuggled(), Sizes(), Floods(), Twice() }
            .SelectMany(group => group)
            .ToDictionary(each => each.Name, StringComparer.Ordinal);

    public static byte[] Begin { get; } = [.. Directory("data"), .. File("data/first", "first")];

    /// <summary>The whole tar stream.</summary>
    public static byte[] Stream(string name, string canary) =>
        [.. Roots().Any(root => root.Name == name) ? [] : Begin, .. All[name].Records(canary).SelectMany(part => part), .. TarStream.End];

    private static IEnumerable<HostileContent> Names()
    {
        foreach (var name in (string[])
        [
            "data/../../canary/bird", "data/../data/../../canary/bird", "data/./a", "data//a", "data/..", "data/../other",
        ])
        {
            yield return Refused("the name " + name, _ => [File(name)]);
        }
        // None begins with "data", so each belongs to something that nobody asked for.
        foreach (var name in (string[])["../canary/bird", "../../../../../../.." + Outside, Outside, "//tmp/backup-sidecar-canary", "canary/bird", "..", "../", "datas/a", "/", "."])
            yield return Contained("the name " + name, _ => [File(name)]);
        yield return Refused("an empty name", _ => [File("")]);
        yield return Contained("an absolute name of the canary", canary => [File(canary + "/bird")]);
        yield return Refused("a prefix that climbs", _ => [TarStream.Header("canary/bird", change: Prefix("data/../.."))]);
        yield return Contained("an absolute prefix", _ => [TarStream.Header("backup-sidecar-canary", change: Prefix("/tmp"))]);
        yield return Refused("a component of 300 characters", _ => [TarStream.Extended('L', "data/" + new string('x', 300) + "\0"), File("data/x")]);
        yield return Harmless("names of any bytes", _ => [File("data/\u00ff\u00fe"), File("data/a\nb"), File("data/\u001b[31mred"), File("data/\u00e9")]);
        yield return Harmless("names like options", _ => [File("data/-rf"), File("data/--checkpoint-action=exec=touch ran"), File("data/ --to-command=touch ran")]);
        yield return Harmless("names of our own folders", _ =>
            [Directory("data/.backup-sidecar-old-evil"), File("data/.backup-sidecar-old-evil/first"), Directory("data/.backup-sidecar-new"), File("data/new")]);
    }

    private static IEnumerable<HostileContent> ExtendedNames()
    {
        const string Climbs = "data/../../canary/bird";
        yield return Refused("a pax path that climbs", _ => [Pax(("path", Climbs)), File("data/a")]);
        yield return Contained("an absolute pax path", _ => [Pax(("path", Outside)), File("data/a")]);
        yield return Contained("a pax path of the canary", canary => [Pax(("path", canary + "/bird")), File("data/a")]);
        yield return Refused("a GNU long name that climbs", _ => [TarStream.Extended('L', Climbs + "\0"), File("data/a")]);
        yield return Contained("an absolute GNU long name", _ => [TarStream.Extended('L', Outside + "\0"), File("data/a")]);
        yield return Refused("a GNU name behind a pax name", _ => [Pax(("path", Climbs)), TarStream.Extended('L', "data/a\0"), File("data/a")]);
        yield return Refused("a pax name behind a GNU name", _ => [TarStream.Extended('L', Climbs + "\0"), Pax(("path", "data/a")), File("data/a")]);
        yield return Refused("two pax names", _ => [Pax(("path", Climbs), ("path", "data/a")), File("data/a")]);
        yield return Refused("two pax headers", _ => [Pax(("path", Climbs)), Pax(("path", "data/a")), File("data/a")]);
        yield return Refused("a pax header that names the entry, and one that makes tar forget it", _ => [Pax(("path", "data/a")), Pax(("mtime", "1")), File(Climbs)]);
        yield return Refused("a name of a sparse file, and a pax header that makes tar forget it", _ => [Pax(("GNU.sparse.name", "data/a")), TarStream.Extended('x', ""), File("data/b")]);
        yield return Refused("two GNU names", _ => [TarStream.Extended('L', Climbs + "\0"), TarStream.Extended('L', "data/a\0"), File("data/a")]);
        yield return Refused("a pax name that is taken back", _ => [Pax(("path", Climbs), ("path", "")), File("data/a")]);
        yield return Refused("an invented name of a sparse file", _ => [Pax(("path", "data/a"), ("GNU.sparse.major", "1"), ("GNU.sparse.name", Climbs)), File("data/a")]);
        yield return Refused("two invented names", _ => [Pax(("GNU.sparse.name", Climbs), ("GNU.sparse.name", "data/a")), File("data/a")]);
        yield return Refused("a pax name with a NUL", _ => [Pax(("path", "data/a\0/../../canary")), File("data/a")]);
        yield return Harmless("a GNU name with a NUL", _ => [TarStream.Extended('L', "data/a\0/../../../canary/bird"), File("data/b")]);
        yield return Refused("a pax header of a wrong length", _ => [TarStream.Extended('x', "9999 path=data/a\n"), File("data/a")]);
        yield return Refused("a name for all entries", _ => [TarStream.Extended('g', TarStream.Pax(("path", Outside))), File("data/a")]);
    }

    private static IEnumerable<HostileContent> Links()
    {
        foreach (var way in Ways)
        {
            yield return Refused($"a link to {way}, then a file through it", _ => [Link("data/out", way), File("data/out/bird")]);
            yield return Harmless($"a link to {way}", _ => [Link("data/out", way)]);
        }
        yield return Refused("a link to the canary, then a file through it", canary => [Link("data/out", canary), File("data/out/bird")]);
        yield return Refused("a link by pax, then a file through it", canary => [Pax(("linkpath", canary)), Link("data/out", "first"), File("data/out/bird")]);
        yield return Refused("a link by GNU, then a file through it", canary => [TarStream.Extended('K', canary + "\0"), Link("data/out", "first"), File("data/out/bird")]);
        yield return Refused("a chain of links, then a file through it", _ =>
            [Link("data/a", "b"), Link("data/b", "c"), Link("data/c", "../../../canary"), File("data/a/bird")]);
        yield return Refused("a link inside, then a file through it", _ => [Directory("data/d"), Link("data/e", "d"), File("data/e/x")]);
        yield return Refused("a link out, then a directory in its place", canary => [Link("data/out", canary), Directory("data/out"), File("data/out/bird")]);
        yield return Refused("a link to a file, then a file in its place", canary => [Link("data/bird", canary + "/bird"), File("data/bird")]);
        yield return Refused("a link to itself, then a file through it", _ => [Link("data/me", "me"), File("data/me/x")]);
        yield return Refused("a link to the root, then a file through it", _ => [Link("data/root", "/"), File("data/root/tmp/backup-sidecar-canary")]);
        yield return Refused("a link to nothing", _ => [Link("data/out", "")]);
        yield return Refused("a link in the place of a directory, then a file through it", canary => [Directory("data/d"), Link("data/d", canary), File("data/d/bird")]);
        yield return Harmless("a circle of links", _ => [Link("data/a", "b"), Link("data/b", "a")]);
    }

    private static IEnumerable<HostileContent> HardLinks()
    {
        foreach (var way in Ways)
            yield return Refused($"a hard link to {way}", _ => [Hard("data/bird", way + "/bird"), File("data/bird")]);
        yield return Refused("a hard link to the canary", canary => [Hard("data/bird", canary + "/bird")]);
        yield return Refused("a hard link to /etc/passwd", _ => [Hard("data/passwd", "/etc/passwd")]);
        yield return Refused("a hard link that climbs", _ => [Hard("data/bird", "data/../../canary/bird")]);
        yield return Refused("a hard link through a link", canary => [Link("data/out", canary), Hard("data/bird", "data/out/bird")]);
        yield return Refused("a hard link to a link, then a file through it", canary => [Link("data/out", canary), Hard("data/again", "data/out"), File("data/again/bird")]);
        yield return Refused("a hard link by pax", canary => [Pax(("linkpath", canary + "/bird")), Hard("data/bird", "data/first")]);
        yield return Refused("a hard link by GNU", canary => [TarStream.Extended('K', canary + "/bird\0"), Hard("data/bird", "data/first")]);
        yield return Refused("a hard link by pax that tar forgets", canary => [Pax(("linkpath", "data/first")), Pax(("mtime", "1")), Hard("data/bird", canary + "/bird")]);
        yield return Refused("a hard link to another source", _ => [Hard("data/bird", "canary/bird")]);
        yield return Refused("a hard link to nothing", _ => [Hard("data/bird", "data/nothing")]);
        yield return Contained("a hard link to a link of the archive", canary => [Link("data/out", canary + "/bird"), Hard("data/again", "data/out")]);
    }

    /// <summary>In the place of the directory that everything else stands in.</summary>
    private static IEnumerable<HostileContent> Roots()
    {
        foreach (var way in Ways)
            yield return Refused($"a link to {way} as the root", _ => [Link("data", way)]);
        yield return Refused("a link to the canary as the root", canary => [Link("data", canary)]);
        yield return Refused("a link to the canary as the root, then a file", canary => [Link("data", canary), File("data/bird")]);
        yield return Refused("a link to the root as the root", _ => [Link("data", "/")]);
        yield return Refused("a file as the root", _ => [File("data")]);
        yield return Refused("a pipe as the root", _ => [TarStream.Header("data", '6')]);
        yield return Refused("a device as the root", _ => [Device("data", '3')]);
        yield return Refused("a hard link as the root", _ => [Hard("data", "data")]);
        yield return Refused("nothing at all", _ => []);
    }

    private static IEnumerable<HostileContent> Kinds()
    {
        yield return Harmless("a character device", _ => [Device("data/null", '3')]);
        yield return Harmless("a block device", _ => [Device("data/sda", '4')]);
        yield return Harmless("a pipe", _ => [TarStream.Header("data/pipe", '6')]);
        yield return Refused("a hard link to a device", _ => [Device("data/null", '3'), Hard("data/again", "data/null")]);
        yield return Harmless("a set-user-id program", _ => [TarStream.Header("data/tool", change: Mode("0006755"))]);
        yield return Harmless("a set-group-id directory", _ => [TarStream.Header("data/shared/", '5', change: Mode("0002777"))]);
        yield return Harmless("two names of a set-user-id program", _ => [TarStream.Header("data/tool", change: Mode("0004755")), Hard("data/again", "data/tool")]);
        yield return Harmless("a capability", _ =>
            [Pax(("SCHILY.xattr.security.capability", "\u0001\0\0\u0002\0\u0004\0\0\0\0\0\0\0\0\0\0\0\0\0\0")), File("data/tool")]);
        yield return Harmless("an attribute of the system", _ => [Pax(("SCHILY.xattr.trusted.overlay.opaque", "y")), Directory("data/opaque")]);
        yield return Harmless("an attribute of the user", _ => [Pax(("SCHILY.xattr.user.note", "harmless")), File("data/noted")]);
        foreach (var type in "MVDNAX8~")
            yield return Refused($"the type {type}", _ => [TarStream.Header("data/odd", type)]);
    }

    /// <summary>What one tar program takes for content, and another for the next header.</summary>
    private static IEnumerable<HostileContent> Smuggled()
    {
        foreach (var type in "123456")
            yield return Refused($"a device in the content of the type {type}", _ => [TarStream.Header(type is '1' or '2' ? "data/x" : "data/x/", type, "00000001000", Target("data/first")), Device("data/null", '3')]);
        foreach (var type in "07S\0")
            yield return Refused($"a device in the content of a directory of the type {(int)type}", _ => [TarStream.Header("data/x/", type, "00000001000"), Device("data/null", '3')]);
        yield return Refused("a pax size of a link", _ => [Pax(("size", "512")), Link("data/x", "first"), Device("data/null", '3')]);
        yield return Refused("two pax sizes", _ => [Pax(("size", "0"), ("size", "512")), TarStream.Header("data/x"), Device("data/null", '3')]);
        yield return Refused("a pax size that is taken back", _ => [Pax(("size", "512"), ("size", "")), TarStream.Header("data/x"), Device("data/null", '3')]);
        yield return Harmless("a pax size that hides a device in a file", _ => [Pax(("size", "512")), TarStream.Header("data/x"), Device("data/null", '3')]);
    }

    private static IEnumerable<HostileContent> Sizes()
    {
        foreach (var size in (string[])[TarStream.Binary(-1), TarStream.Binary(long.MinValue), TarStream.Binary(long.MaxValue), TarStream.Binary((Int128)long.MaxValue + 1), "-1", "9999", "77777777777", "zzz"])
            yield return Refused($"the size {Convert.ToHexStringLower(Encoding.Latin1.GetBytes(size))}", _ => [TarStream.Header("data/liar", size: size)]);
        yield return Refused("a negative pax size", _ => [Pax(("size", "-512")), File("data/liar")]);
        yield return Refused("an endless pax size", _ => [Pax(("size", "9223372036854775807")), File("data/liar")]);
        yield return Contained("a sparse file of another size than its map", _ =>
            [Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "data/hole"), ("GNU.sparse.realsize", "9223372036854775807")), Sparse("1\n0\n99999999999\n")]);
        yield return Contained("a sparse file with a negative offset", _ =>
            [Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "data/hole"), ("GNU.sparse.realsize", "1000")), Sparse("1\n-5\n5\n")]);
        yield return Contained("a sparse file with a map that is none", _ =>
            [Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "data/hole"), ("GNU.sparse.realsize", "1000")), Sparse("many\n")]);
        yield return Contained("a sparse file with a map of a billion parts", _ =>
            [Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "data/hole"), ("GNU.sparse.realsize", "1000")), Sparse("1000000000\n")]);
        yield return Contained("an old sparse file whose map overlaps", _ =>
            [TarStream.Header("data/hole", 'S', "00000001000", OldSparse((0, 512), (0, 512))), new byte[512]]);
        yield return Contained("an old sparse file with a map that leads behind its end", _ =>
            [TarStream.Header("data/hole", 'S', "00000001000", OldSparse((0x1FFFFFFFF, 512), (0x1FFFFFFFF, 0))), new byte[512]]);
        yield return Refused("a wrong checksum", _ => [WrongChecksum()]);
    }

    private static IEnumerable<HostileContent> Floods()
    {
        yield return Refused("five megabytes of headers", _ =>
            [.. Enumerable.Repeat(Pax(("comment", new string('c', 1_000_000))), 5), File("data/a")]);
        yield return Refused("a header of two megabytes", _ => [TarStream.Header("x", 'x', "00010000000"), new byte[2 << 20], File("data/a")]);
        yield return Refused("a name of a megabyte in directories", _ =>
            [Link("data/l", "first"), TarStream.Extended('L', "data" + string.Concat(Enumerable.Repeat("/d", 500_000)) + "\0"), File("data/x")]);
        yield return Refused("a hundred names of a megabyte", _ =>
            [Link("data/l", "first"), .. Enumerable.Repeat(new byte[][] { TarStream.Extended('L', "data" + string.Concat(Enumerable.Repeat("/d", 500_000)) + "\0"), File("data/x") }, 100).SelectMany(part => part)]);
        yield return Refused("ten thousand directories deep", _ => [TarStream.Extended('L', "data" + string.Concat(Enumerable.Repeat("/d", 10_000)) + "/\0"), Directory("data/x")]);
        yield return Harmless("five hundred directories deep", _ => [TarStream.Extended('L', "data" + string.Concat(Enumerable.Repeat("/d", 500)) + "/\0"), Directory("data/x")]);
    }

    private static IEnumerable<HostileContent> Twice()
    {
        yield return Refused("the same file twice", _ => [File("data/twice"), File("data/twice")]);
        yield return Refused("a file in the place of a directory", _ => [Directory("data/d"), File("data/d/x"), File("data/d")]);
        yield return Contained("a directory in the place of a file", _ => [File("data/d"), Directory("data/d")]);
        yield return Refused("a file below a file", _ => [File("data/first/x")]);
        yield return Refused("entries that stand apart", _ => [File("other"), File("data/late")]);
        yield return Refused("something behind the end", _ => [TarStream.End, File("data/late")]);
        yield return Contained("the same directory twice", _ => [Directory("data/d"), Directory("data/d")]);
    }

    private static HostileContent Refused(string name, Func<string, byte[][]> records) => new(name, IsRefused: true, records);

    private static HostileContent Contained(string name, Func<string, byte[][]> records) => new(name, IsRefused: null, records);

    private static HostileContent Harmless(string name, Func<string, byte[][]> records) => new(name, IsRefused: false, records);

    private static byte[] Directory(string name) => TarStream.Header(name + "/", '5', change: Mode("0000755"));

    private static byte[] File(string name, string content = "hostile") => name.Length > 100
        ? [.. TarStream.Extended('L', name + "\0"), .. File("data/long", content)]
        : [.. TarStream.Header(name, size: Octal(content.Length)), .. Padded(content)];

    private static byte[] Link(string name, string target) => target.Length > 100
        ? [.. TarStream.Extended('K', target + "\0"), .. Link(name, "")]
        : TarStream.Header(name, '2', change: Target(target));

    private static byte[] Hard(string name, string target) => target.Length > 100
        ? [.. TarStream.Extended('K', target + "\0"), .. Hard(name, "")]
        : TarStream.Header(name, '1', change: Target(target));

    private static byte[] Device(string name, char type) => TarStream.Header(name, type, change: record =>
    {
        "0000001\0"u8.CopyTo(record.AsSpan(329));
        "0000003\0"u8.CopyTo(record.AsSpan(337));
    });

    private static byte[] Pax(params (string Key, string Value)[] records) => TarStream.Extended('x', TarStream.Pax(records));

    private static byte[] Sparse(string map) => [.. TarStream.Header("data/GNUSparseFile.0/hole", size: Octal(512)), .. Padded(map)];

    private static byte[] WrongChecksum()
    {
        var header = TarStream.Header("data/a");
        header[0] = (byte)'e';
        return header;
    }

    private static Action<byte[]> Target(string target) => record => Encoding.Latin1.GetBytes(target).CopyTo(record, 157);

    private static Action<byte[]> Prefix(string prefix) => record => Encoding.Latin1.GetBytes(prefix).CopyTo(record, 345);

    private static Action<byte[]> Mode(string mode) => record => Encoding.Latin1.GetBytes(mode).CopyTo(record, 100);

    private static Action<byte[]> OldSparse(params (long Offset, long Length)[] map) => record =>
    {
        "ustar  \0"u8.CopyTo(record.AsSpan(257));
        for (var i = 0; i < map.Length; i++)
        {
            Encoding.Latin1.GetBytes(Octal(map[i].Offset)).CopyTo(record, 386 + (i * 24));
            Encoding.Latin1.GetBytes(Octal(map[i].Length)).CopyTo(record, 398 + (i * 24));
        }
        Encoding.Latin1.GetBytes(Octal(512)).CopyTo(record, 483);
    };

    private static string Octal(long number) => Convert.ToString(number, 8).PadLeft(11, '0');

    private static byte[] Padded(string content)
    {
        var padded = new byte[(content.Length + 511) / 512 * 512];
        Encoding.Latin1.GetBytes(content).CopyTo(padded, 0);
        return padded;
    }
}
