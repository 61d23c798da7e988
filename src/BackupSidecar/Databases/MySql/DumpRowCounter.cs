using System.Buffers;
using System.Text;

namespace BackupSidecar.Databases.MySql;

/// <summary>
/// Counts the rows of each table in a dump as it goes by, in pieces of any size and in constant memory: the tuples of the INSERT
/// statements. Strings, quoted names, comments and the bodies of routines are told apart, so that nothing in them is counted.
/// It knows what the dump tools write, and not all of SQL: their comments begin a line and end with it.
/// </summary>
internal sealed class DumpRowCounter
{
    private const int LongestHead = 1024;

    private static readonly SearchValues<byte> Special = SearchValues.Create("'\"`;"u8);
    private static readonly SearchValues<byte> SpecialInRow = SearchValues.Create("'\"()"u8);

    private readonly Dictionary<string, long> _rows = [];
    private readonly byte[] _head = new byte[LongestHead];
    private int _headLength;
    private bool _isInName;
    private string _database = "";
    private string _table = "";
    private long _tableRows;
    private State _state;
    private State _afterQuote;
    private byte _quote;
    private int _depth;
    private int _matched;

    private enum State
    {
        /// <summary>Between statements.</summary>
        Between,

        /// <summary>In the first words of a statement, which tell what it is.</summary>
        Head,

        /// <summary>In a statement that does not matter.</summary>
        Statement,

        /// <summary>In a line that does not matter.</summary>
        Line,

        /// <summary>In a string or a quoted name.</summary>
        Quote,

        /// <summary>After the character that takes the meaning from the next one.</summary>
        Escape,

        /// <summary>In an INSERT, before its rows.</summary>
        Columns,

        /// <summary>In an INSERT, between rows.</summary>
        Rows,

        /// <summary>In a row.</summary>
        Row,

        /// <summary>Between a DELIMITER line and the one that ends it: routines, triggers and events.</summary>
        Routine,
    }

    /// <summary>Whether no statement and no string is open.</summary>
    public bool IsBetweenStatements => _state is State.Between or State.Line;

    /// <summary>Rows by table, as "table", or "database.table" in a dump with several; tables without rows among them.</summary>
    public IReadOnlyDictionary<string, long> Rows => _rows;

    private ReadOnlySpan<byte> Head => _head.AsSpan(0, _headLength);

    public void Take(ReadOnlySpan<byte> chunk)
    {
        while (chunk.Length > 0)
            chunk = chunk[Step(chunk)..];
    }

    /// <summary>Reads some, and returns how many bytes that were: none at most once, where another state begins with the same byte.</summary>
    private int Step(ReadOnlySpan<byte> chunk) => _state switch
    {
        State.Between => Begin(chunk[0]),
        State.Head => ReadHead(chunk[0]),
        State.Statement => SkipStatement(chunk),
        State.Line => SkipLine(chunk),
        State.Quote => SkipQuoted(chunk),
        State.Escape => Read(State.Quote),
        State.Columns => SkipColumns(chunk[0]),
        State.Rows => FindRow(chunk),
        State.Row => SkipRow(chunk),
        _ => SkipRoutine(chunk),
    };

    private int Begin(byte next)
    {
        if (next is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)';')
            return 1;
        (_headLength, _isInName) = (0, false);
        return Reread(State.Head);
    }

    /// <summary>Collects a statement's words up to its first quoted name, or up to what shows that it has none.</summary>
    private int ReadHead(byte next)
    {
        if (_headLength == LongestHead)
            return Reread(State.Statement);
        if (_headLength >= 2 && Head[^1] == '`' && !_isInName && next != '`')
            return Recognise();
        if (!_isInName && !Head.StartsWith("DELIMITER "u8) && next is (byte)'\'' or (byte)'"' or (byte)';' or (byte)'(')
            return Reread(State.Statement);
        _head[_headLength++] = next;
        if (next == '`')
            _isInName = !_isInName;
        // MariaDB's first line is a command to its client, in the dress of a comment.
        if (Head.SequenceEqual("--"u8) || Head.SequenceEqual("/*M!999999"u8))
            return Read(State.Line);
        return Head.StartsWith("DELIMITER "u8) && next == '\n'
            ? Read(Head.SequenceEqual("DELIMITER ;\n"u8) ? State.Between : State.Routine)
            : 1;
    }

    /// <summary>The first quoted name is complete: whose is it?</summary>
    private int Recognise()
    {
        var first = Head.IndexOf((byte)'`');
        var name = Encoding.UTF8.GetString(Head[(first + 1)..^1]).Replace("``", "`", StringComparison.Ordinal);
        var verb = Head[..first];
        if (verb.StartsWith("INSERT "u8) || verb.StartsWith("REPLACE "u8))
        {
            (_table, _tableRows) = (_database + name, 0);
            return Reread(State.Columns);
        }
        if (verb.SequenceEqual("USE "u8))
            _database = name + '.';
        else if (verb.SequenceEqual("CREATE TABLE "u8) || verb.SequenceEqual("CREATE TABLE IF NOT EXISTS "u8))
            _rows.TryAdd(_database + name, 0);
        return Reread(State.Statement);
    }

    private int SkipStatement(ReadOnlySpan<byte> chunk)
    {
        var found = chunk.IndexOfAny(Special);
        if (found < 0)
            return chunk.Length;
        if (chunk[found] == ';')
            _state = State.Between;
        else
            StartQuote(chunk[found]);
        return found + 1;
    }

    private int SkipLine(ReadOnlySpan<byte> chunk)
    {
        var end = chunk.IndexOf((byte)'\n');
        if (end < 0)
            return chunk.Length;
        _state = State.Between;
        return end + 1;
    }

    private void StartQuote(byte quote) => (_quote, _afterQuote, _state) = (quote, _state, State.Quote);

    /// <summary>To the end of the quotes. A doubled one looks like an end and a new beginning, which comes to the same.</summary>
    private int SkipQuoted(ReadOnlySpan<byte> chunk)
    {
        var found = _quote == '`' ? chunk.IndexOf(_quote) : chunk.IndexOfAny(_quote, (byte)'\\');
        if (found < 0)
            return chunk.Length;
        _state = chunk[found] == '\\' ? State.Escape : _afterQuote;
        return found + 1;
    }

    private int SkipColumns(byte next)
    {
        if (next == '`')
            StartQuote(next);
        else if (next is (byte)'V' or (byte)';')
            _state = next == ';' ? State.Between : State.Rows;
        return 1;
    }

    private int FindRow(ReadOnlySpan<byte> chunk)
    {
        var found = chunk.IndexOfAny((byte)'(', (byte)';');
        if (found < 0)
            return chunk.Length;
        if (chunk[found] == '(')
        {
            _tableRows++;
            _depth = 1;
            _state = State.Row;
        }
        else
        {
            _rows[_table] = _rows.GetValueOrDefault(_table) + _tableRows;
            _state = State.Between;
        }
        return found + 1;
    }

    private int SkipRow(ReadOnlySpan<byte> chunk)
    {
        var found = chunk.IndexOfAny(SpecialInRow);
        if (found < 0)
            return chunk.Length;
        switch (chunk[found])
        {
            case (byte)'(':
                _depth++;
                break;
            case (byte)')':
                if (--_depth == 0)
                    _state = State.Rows;
                break;
            default:
                StartQuote(chunk[found]);
                break;
        }
        return found + 1;
    }

    private int SkipRoutine(ReadOnlySpan<byte> chunk)
    {
        var end = "DELIMITER ;\n"u8;
        if (_matched < 0)
        {
            var line = chunk.IndexOf((byte)'\n');
            if (line < 0)
                return chunk.Length;
            _matched = 0;
            return line + 1;
        }
        // In a line that so far is like the closing one.
        if (chunk[0] == end[_matched])
            _matched++;
        else
            _matched = chunk[0] == '\n' ? 0 : -1;
        return _matched == end.Length ? Read(State.Between) : 1;
    }

    private int Read(State next)
    {
        _state = next;
        _matched = 0;
        return 1;
    }

    private int Reread(State next)
    {
        _state = next;
        return 0;
    }
}
