using BackupSidecar.Bench.Content;

namespace BackupSidecar.Bench.Micro;

/// <summary>What a block may hold.</summary>
public enum Sample
{
    /// <summary>A dump of a database.</summary>
    Text,

    /// <summary>Pictures, archives.</summary>
    Incompressible,

    /// <summary>Both, and programs, in stretches of 64 KiB.</summary>
    Mixed,
}

/// <summary>Bytes to measure with, the same each time.</summary>
internal static class Samples
{
    public const int Mebibyte = 1024 * 1024;

    public static byte[] Make(Sample sample, int mebibytes)
    {
        var bytes = new byte[mebibytes * Mebibyte];
        using var stream = new MemoryStream(bytes);
        var noise = Noise.For(sample.ToString());
        switch (sample)
        {
            case Sample.Text:
                Records.Copy(new AsciiText(stream, bytes.Length), noise);
                break;
            case Sample.Incompressible:
                noise.Fill(bytes);
                break;
            default:
                Mix(stream, noise);
                break;
        }
        return bytes;
    }

    private static void Mix(MemoryStream stream, Noise noise)
    {
        const int stretch = 64 * 1024;
        var random = new byte[stretch];
        for (var left = stream.Capacity / stretch; left > 0; left--)
        {
            switch (left % 3)
            {
                case 0:
                    Records.Json(new AsciiText(stream, stretch), noise);
                    break;
                case 1:
                    Binaries.Program(stream, noise, stretch);
                    break;
                default:
                    noise.Fill(random);
                    stream.Write(random);
                    break;
            }
        }
    }
}
