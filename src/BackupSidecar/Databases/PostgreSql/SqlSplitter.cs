using System.Text;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// Parts a script of PostgreSQL's tools into statements while it goes by. Comments and lines for psql are left away, and so are
/// statements that are longer than any of those that are looked for.
/// </summary>
internal sealed class SqlSplitter(Action<SqlStatement> found)
{
    private const int LongestStatement = 64 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly char[] _characters = new char[4096];
    private readonly StringBuilder _statement = new();
    private readonly StringBuilder _tag = new();
    private State _state;
    private string _closingTag = "";
    private bool _isTooLong;
    private char _last;

    private enum State
    {
        Plain,
        Text,
        EscapedText,
        Escape,
        Name,
        Tag,
        Dollar,
        Line,
    }

    public void Take(ReadOnlySpan<byte> script)
    {
        while (!script.IsEmpty)
        {
            _decoder.Convert(script, _characters, flush: false, out var used, out var count, out _);
            foreach (var character in _characters.AsSpan(0, count))
            {
                Take(character);
                _last = character;
            }
            script = script[used..];
        }
    }

    private void Take(char character)
    {
        switch (_state)
        {
            case State.Plain:
                TakePlain(character);
                return;
            case State.Tag when character != '$' && !IsOfWord(character):
                // It was a parameter.
                _state = State.Plain;
                TakePlain(character);
                return;
            case State.Line:
                _state = character == '\n' ? State.Plain : State.Line;
                return;
            case State.EscapedText when character == '\\':
                _state = State.Escape;
                break;
            case State.Escape:
                _state = State.EscapedText;
                break;
            // A doubled quote ends one and begins the next, which comes to the same.
            case State.Text or State.EscapedText when character == '\'':
            case State.Name when character == '"':
                _state = State.Plain;
                break;
            case State.Tag:
                TakeTag(character);
                break;
            case State.Dollar:
                TakeDollar(character);
                break;
        }
        Keep(character);
    }

    private void TakePlain(char character)
    {
        if (character == '-' && _last == '-')
        {
            _statement.Length -= _isTooLong ? 0 : 1;
            _state = State.Line;
            return;
        }
        if (character == '\\' && IsBlank())
        {
            _state = State.Line;
            return;
        }
        if (character == ';')
        {
            End();
            return;
        }
        if (character == '$' && !IsOfWord(_last))
        {
            _tag.Clear().Append('$');
            _state = State.Tag;
        }
        else
        {
            _state = character switch
            {
                '\'' => IsAfterE() ? State.EscapedText : State.Text,
                '"' => State.Name,
                _ => State.Plain,
            };
        }
        Keep(character);
    }

    private void TakeTag(char character)
    {
        _tag.Append(character);
        if (character != '$')
            return;
        (_closingTag, _state) = (_tag.ToString(), State.Dollar);
        _tag.Clear();
    }

    private void TakeDollar(char character)
    {
        _tag.Append(character);
        if (_tag.Length > _closingTag.Length)
            _tag.Remove(0, 1);
        if (character == '$' && _tag.ToString() == _closingTag)
            _state = State.Plain;
    }

    private void End()
    {
        if (!_isTooLong && !IsBlank())
            found(new SqlStatement(_statement.ToString().Trim()));
        _statement.Clear();
        _isTooLong = false;
    }

    private void Keep(char character)
    {
        if (_statement.Length < LongestStatement)
            _statement.Append(character);
        else
            _isTooLong = true;
    }

    private bool IsBlank()
    {
        for (var i = 0; i < _statement.Length; i++)
        {
            if (!char.IsWhiteSpace(_statement[i]))
                return false;
        }
        return true;
    }

    private bool IsAfterE() => _last is 'E' or 'e' && (_statement.Length < 2 || !IsOfWord(_statement[^2]));

    private static bool IsOfWord(char character) => char.IsLetterOrDigit(character) || character is '_' or '$';
}
