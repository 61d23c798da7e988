namespace BackupSidecar.Bench.Content;

/// <summary>
/// Makes what is backed up: the same bytes on every machine, in the proportions of a small company's server. 45 % text
/// (dumps, events, logs, a web site), 35 % that does not compress (an archive, pictures), 20 % programs. A GiB has 20,000
/// small files of about 4 KiB.
/// </summary>
internal sealed class Corpus(string root, int mebibytes)
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>A second of 2026, so that no run of the clock gets into an archive.</summary>
    private static readonly DateTime ModifiedAt = new(2026, 3, 14, 15, 9, 26, DateTimeKind.Utc);

    public void Make()
    {
        Texts("db/shop.sql", 1, Thousandths(130), Records.Copy);
        Texts("db/site.sql", 1, Thousandths(80), Records.Insert);
        Texts("app/events-{0}.jsonl", 3, Thousandths(86), Records.Json);
        Texts("log/access.log.{0}", 8, Thousandths(90), Records.Log);
        Texts("www/{1}/{0}.html", PerGibibyte(6_000), 0, Pages.Html);
        Texts("www/{1}/{0}.py", PerGibibyte(6_000), 0, Pages.Python);
        Texts("www/{1}/{0}.json", PerGibibyte(2_000), 0, Pages.Settings);
        Files("media/album.zip", 1, Thousandths(130), Random);
        Files("uploads/{1}/{0}.jpg", PerGibibyte(100), Thousandths(200), Random);
        Files("uploads/thumbs/{1}/{0}.jpg", PerGibibyte(5_000), 0, Random);
        Files("bin/lib{0}.so", PerGibibyte(50), Thousandths(195), Binaries.Program);
        Files("bin/modules/{0}.dll", PerGibibyte(1_000), 0, Binaries.Program);
        foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Append(root))
            Directory.SetLastWriteTimeUtc(folder, ModifiedAt);
    }

    private long Thousandths(int share) => mebibytes * Mebibyte * share / 1000;

    /// <summary>So many files in a GiB.</summary>
    private int PerGibibyte(int files) => Math.Max(1, files * mebibytes / 1024);

    private void Texts(string names, int count, long bytes, Action<AsciiText, Noise> write) =>
        Files(names, count, bytes, (file, noise, length) => write(new AsciiText(file, length), noise));

    /// <param name="names">{0} is the number of the file, {1} that of its folder.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">Of all together, in equal parts; 0 for small files of many sizes.</param>
    /// <param name="write">Gives the content to a file.</param>
    private void Files(string names, int count, long bytes, Action<Stream, Noise, long> write)
    {
        for (var number = 0; number < count; number++)
        {
            var name = string.Format(names, number, number / 100);
            var noise = Noise.For(name);
            var length = bytes == 0 ? SmallSize(noise) : bytes / count;
            var path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var file = File.Create(path))
                write(file, noise, length);
            File.SetLastWriteTimeUtc(path, ModifiedAt);
        }
    }

    private static int SmallSize(Noise noise)
    {
        var least = 512 << noise.Below(5);
        return least + noise.Below(least);
    }

    private static void Random(Stream file, Noise noise, long bytes)
    {
        var piece = new byte[64 * 1024];
        for (var left = bytes; left > 0; left -= piece.Length)
        {
            noise.Fill(piece);
            file.Write(piece, 0, (int)Math.Min(left, piece.Length));
        }
    }
}
