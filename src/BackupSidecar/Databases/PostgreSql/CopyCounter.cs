using System.Buffers;
using System.Text;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// Counts the rows of each table in a script of pg_restore while it goes by: the lines between <c>COPY … FROM stdin;</c> and
/// <c>\.</c>. A row is one line whatever it holds. The script must hold data only: what stands in a function could look like
/// the same. Its memory does not depend on the data.
/// </summary>
internal sealed class CopyCounter
{
    /// <summary>A statement names at most 1600 columns of at most 63 bytes each.</summary>
    private const int LongestStatement = 512 * 1024;
    private const int EndLength = 2;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, long> _counts = [];
    private readonly ArrayBufferWriter<byte> _statement = new();
    private readonly byte[] _lineStart = new byte[EndLength];
    private long _lineLength;
    private string? _table;
    private long _rows;

    /// <summary>Rows by table, as SQL names it with its schema: <c>public.item</c>, <c>"my schema".item</c>.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    private static ReadOnlySpan<byte> EndOfData => "\\."u8;

    private static ReadOnlySpan<byte> Copy => "COPY "u8;

    private static ReadOnlySpan<byte> FromInput => " FROM stdin;\n"u8;

    public void Take(ReadOnlySpan<byte> script)
    {
        while (script.IndexOf((byte)'\n') is var end and >= 0)
        {
            TakePart(script[..(end + 1)]);
            if (_table is null)
                EndStatementLine();
            else
                EndRow();
            _lineLength = 0;
            script = script[(end + 1)..];
        }
        TakePart(script);
    }

    private void TakePart(ReadOnlySpan<byte> part)
    {
        if (_table is null)
        {
            if (_statement.WrittenCount + part.Length <= LongestStatement)
                _statement.Write(part);
        }
        else if (_lineLength < EndLength)
        {
            part[..(int)Math.Min(part.Length, EndLength - _lineLength)].CopyTo(_lineStart.AsSpan((int)_lineLength));
        }
        _lineLength += part.Length;
    }

    private void EndRow()
    {
        if (_lineLength != EndLength + 1 || !EndOfData.SequenceEqual(_lineStart))
        {
            _rows++;
            return;
        }
        _counts[_table!] = _rows; // Rows are counted for a table only.
        (_table, _rows) = (null, 0);
    }

    /// <summary>Names may hold line breaks, so that a COPY goes on until it says where from.</summary>
    private void EndStatementLine()
    {
        var statement = _statement.WrittenSpan;
        if (statement.StartsWith(Copy) && !statement.EndsWith(FromInput))
            return;
        if (statement.StartsWith(Copy))
            _table = TableOf(Text(statement[Copy.Length..]));
        _statement.ResetWrittenCount();
    }

    /// <summary>What stands before the list of columns, which a blank outside of quotes begins.</summary>
    private static string TableOf(string statement)
    {
        var isQuoted = false;
        for (var i = 0; i < statement.Length; i++)
        {
            if (statement[i] == '"')
                isQuoted = !isQuoted;
            else if (statement[i] == ' ' && !isQuoted)
                return statement[..i];
        }
        return statement;
    }

    /// <summary>A dump is in its database's encoding; only the ASCII in it is the same everywhere.</summary>
    private static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }
}
