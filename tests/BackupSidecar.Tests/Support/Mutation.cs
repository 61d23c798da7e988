namespace BackupSidecar.Tests.Support;

/// <summary>Damages bytes in the ways in which disks, networks and people do: a few changes at random places.</summary>
internal static class Mutation
{
    private static readonly byte[] Telling = [0, 1, 0x7f, 0x80, 0xff, (byte)'"', (byte)'{', (byte)'}', (byte)'[', (byte)'\\', (byte)'\n', (byte)'-', (byte)'9'];

    public static byte[] Of(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
            Change(bytes, random.Next(bytes.Count), random);
        return [.. bytes];
    }

    public static byte[] Noise(int length, Random random)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Change(List<byte> bytes, int at, Random random)
    {
        switch (random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = Telling[random.Next(Telling.Length)];
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                break;
            case 3:
                bytes.InsertRange(at, random.GetItems(Telling, random.Next(1, 9)));
                break;
            case 4:
                bytes.InsertRange(random.Next(bytes.Count), bytes.Slice(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                for (var i = at; i < Math.Min(at + 8, bytes.Count); i++)
                    bytes[i] = 0xff;
                break;
        }
    }
}
