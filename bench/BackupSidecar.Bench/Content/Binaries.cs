using System.Buffers.Binary;

namespace BackupSidecar.Bench.Content;

/// <summary>
/// Bytes with the redundancy of programs and libraries: instructions of a common stock with changing operands, tables of
/// growing offsets, names, and padding.
/// </summary>
internal static class Binaries
{
    private const int SectionBytes = 16 * 1024;
    private static readonly byte[][] Instructions = MakeInstructions();

    public static void Program(Stream file, Noise noise, long bytes)
    {
        var section = new byte[SectionBytes];
        for (var left = bytes; left > 0; left -= SectionBytes)
        {
            var part = section.AsSpan(0, (int)Math.Min(left, SectionBytes));
            part.Clear();
            switch (noise.Below(20))
            {
                case < 13:
                    Code(part, noise);
                    break;
                case < 16:
                    Offsets(part, noise);
                    break;
                case < 19:
                    Names(part, noise);
                    break;
                default:
                    break; // zeros
            }
            file.Write(part);
        }
    }

    private static void Code(Span<byte> part, Noise noise)
    {
        while (part.Length > 0)
        {
            var instruction = Instructions[noise.Skewed(Instructions.Length)].AsSpan();
            instruction = instruction[..Math.Min(instruction.Length, part.Length)];
            instruction.CopyTo(part);
            // Every fourth has an operand of its own: a register, an offset, an address near by.
            if (noise.Below(4) == 0)
                part[instruction.Length - 1] = (byte)noise.Skewed(256);
            part = part[instruction.Length..];
        }
    }

    private static void Offsets(Span<byte> part, Noise noise)
    {
        var offset = noise.Below(1 << 22);
        for (; part.Length >= 8; part = part[8..])
        {
            offset += 16 * (1 + noise.Skewed(64));
            BinaryPrimitives.WriteInt32LittleEndian(part, offset);
            BinaryPrimitives.WriteInt32LittleEndian(part[4..], 0x10 | (noise.Below(4) << 16));
        }
    }

    private static void Names(Span<byte> part, Noise noise)
    {
        while (true)
        {
            var prefix = "_ZN7program"u8;
            var first = Words.Common(noise, 500);
            var second = Words.Any(noise);
            if (part.Length < prefix.Length + first.Length + second.Length + 1)
                return;
            prefix.CopyTo(part);
            first.CopyTo(part[prefix.Length..]);
            second.CopyTo(part[(prefix.Length + first.Length)..]);
            part = part[(prefix.Length + first.Length + second.Length + 1)..];
        }
    }

    private static byte[][] MakeInstructions()
    {
        var noise = new Noise(2);
        var instructions = new byte[800][];
        for (var i = 0; i < instructions.Length; i++)
        {
            instructions[i] = new byte[3 + noise.Below(6)];
            noise.Fill(instructions[i]);
            instructions[i][0] = (byte)(0x40 + noise.Skewed(64));
        }
        return instructions;
    }
}
