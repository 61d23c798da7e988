using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace BackupSidecar.Bench.Content;

/// <summary>Text on its way into a file, up to a number of bytes and not one more.</summary>
internal sealed class AsciiText(Stream file, long bytes)
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 17);
    private long _left = bytes;

    /// <summary>Whether the file has all its bytes. To be asked between records.</summary>
    public bool IsFull()
    {
        if (_buffer.WrittenCount >= 1 << 16 || _buffer.WrittenCount >= _left)
        {
            var length = (int)Math.Min(_left, _buffer.WrittenCount);
            file.Write(_buffer.WrittenSpan[..length]);
            _left -= length;
            _buffer.ResetWrittenCount();
        }
        return _left == 0;
    }

    public AsciiText Add(ReadOnlySpan<byte> text)
    {
        _buffer.Write(text);
        return this;
    }

    public AsciiText Add(string text)
    {
        _buffer.Advance(Encoding.ASCII.GetBytes(text, _buffer.GetSpan(text.Length)));
        return this;
    }

    /// <summary>A number with at least so many digits.</summary>
    public AsciiText Add(long number, byte digits = 1)
    {
        Utf8Formatter.TryFormat(number, _buffer.GetSpan(20), out var written, new StandardFormat('D', digits));
        _buffer.Advance(written);
        return this;
    }

    public AsciiText Hex(ulong number, byte digits)
    {
        Utf8Formatter.TryFormat(number, _buffer.GetSpan(20), out var written, new StandardFormat('x', digits));
        _buffer.Advance(written);
        return this;
    }

    public AsciiText Sentence(Noise noise, int words)
    {
        for (var i = 0; i < words; i++)
            Add(i == 0 ? "" : " ").Add(Words.Any(noise));
        return this;
    }

    /// <summary>2026-03-14 and a time of day, from seconds since the start of the year.</summary>
    public AsciiText Time(long seconds, string between)
    {
        var day = seconds / 86_400;
        var second = seconds % 86_400;
        return Add(2026).Add("-").Add(1 + (day / 28 % 12), 2).Add("-").Add(1 + (day % 28), 2).Add(between)
            .Add(second / 3600, 2).Add(":").Add(second / 60 % 60, 2).Add(":").Add(second % 60, 2);
    }
}
