namespace BackupSidecar.Processes;

/// <summary>The end of what a program says on its standard error, of bounded length however much it says.</summary>
internal sealed class LastWords
{
    private const int Limit = 16 * 1024;

    private readonly Queue<string> _lines = [];
    private int _length;

    public void Add(string line)
    {
        var kept = line.Length > Limit ? line[..Limit] : line;
        lock (_lines)
        {
            _lines.Enqueue(kept);
            _length += kept.Length + 1;
            while (_length > Limit && _lines.Count > 1)
                _length -= _lines.Dequeue().Length + 1;
        }
    }

    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines).Trim();
    }
}
