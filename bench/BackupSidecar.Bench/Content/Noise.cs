using System.Runtime.InteropServices;

namespace BackupSidecar.Bench.Content;

/// <summary>Random numbers that are the same on every machine and with every version of .NET: SplitMix64.</summary>
internal sealed class Noise(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The noise of one file, whatever else is made before it.</summary>
    public static Noise For(string path)
    {
        var seed = 0xCBF29CE484222325ul;
        foreach (var letter in path)
            seed = (seed ^ letter) * 0x100000001B3ul;
        return new Noise(seed);
    }

    public ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15ul;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ul;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBul;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>At least 0, less than the limit.</summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>Small numbers far more often than large ones.</summary>
    public int Skewed(int limit) => Below(1 + Below(1 + Below(limit)));

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    public void Fill(Span<byte> bytes)
    {
        foreach (ref var eight in MemoryMarshal.Cast<byte, ulong>(bytes))
            eight = Next();
        for (var i = bytes.Length & ~7; i < bytes.Length; i++)
            bytes[i] = (byte)Next();
    }
}
