namespace BackupSidecar.Discovery;

/// <summary>The labels of one container while they are read, and what was found about them.</summary>
internal sealed class GivenLabels(IReadOnlyDictionary<string, string> labels, int longestValue)
{
    private readonly List<string> _problems = [];
    private readonly List<string> _remarks = [];
    private readonly HashSet<string> _faulty = [];

    public IReadOnlyList<string> Problems => _problems;

    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>The value without blanks around it; null where there is none. One that no label can have is told once, and then cut.</summary>
    public string? Find(string name)
    {
        if (labels.GetValueOrDefault(name)?.Trim() is not { Length: > 0 } value)
            return null;
        if (value.Length > longestValue)
            FaultOnce(name, $"it is longer than {longestValue} characters.");
        else if (value.Any(char.IsControl))
            FaultOnce(name, "it holds a line break or another control character.");
        return value.Length > longestValue ? value[..longestValue] : value;
    }

    /// <summary>What the label says, or the default where it is missing or says what cannot be.</summary>
    public T? Parse<T>(string name, Func<string, T> parse)
    {
        try
        {
            return Find(name) is { } value ? parse(value) : default;
        }
        catch (FormatException wrong)
        {
            Fault(name, wrong.Message);
            return default;
        }
    }

    public void Fault(string name, string problem) => _problems.Add($"{name}: {problem}");

    public void Remark(string? remark)
    {
        if (remark is not null)
            _remarks.Add(remark);
    }

    private void FaultOnce(string name, string problem)
    {
        if (_faulty.Add(name))
            Fault(name, problem);
    }
}
