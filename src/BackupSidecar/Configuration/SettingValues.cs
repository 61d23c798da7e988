using System.Diagnostics.CodeAnalysis;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration;

/// <summary>
/// The values of settings as what they are. A value that cannot be read becomes a fault, and the default stands in for it, so
/// that reading goes on and finds the other faults.
/// </summary>
internal sealed class SettingValues(GivenSettings given, Findings findings)
{
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["gz"] = "gzip",
        ["zst"] = "zstd",
        ["path"] = "true",
        ["virtual-host"] = "false",
    };

    public string? Text(Setting setting) => Given(setting) is { } value && OneLine(value) ? value.Text.Trim() : setting.Default;

    public Secret? Secret(Setting setting) => Given(setting) is { } value ? new Secret(value.Text) : null;

    /// <summary>All that is given of a setting with numbered keys, in their order.</summary>
    public IReadOnlyList<Secret> Secrets(Setting setting) =>
        given.IsGiven(setting) ? [.. AllGiven(setting).Select(value => new Secret(value.Text))] : [];

    /// <summary>A secret of one line: a passphrase, a key.</summary>
    public Secret? SecretLine(Setting setting) => Given(setting) is { } value ? SecretLine(value) : null;

    public IReadOnlyList<Secret> SecretLines(Setting setting) => given.IsGiven(setting) ? [.. AllGiven(setting).Select(SecretLine)] : [];

    public Secret? SecretUrl(Setting setting)
    {
        if (Given(setting) is not { } value)
            return null;
        var url = value.Text.Trim();
        if (!WebUri.TryParse(url, out _))
            findings.Fault(value.Variable, "it is not an address that begins with http:// or https://.", setting.Example);
        return new Secret(url);
    }

    public string? Path(Setting setting)
    {
        if (Given(setting) is not { } value)
            return setting.Default;
        if (PathText.TryParse(value.Text.Trim(), out var path, out var problem))
            return path;
        findings.Fault(value.Variable, problem, Example(setting));
        return setting.Default;
    }

    public bool Flag(Setting setting)
    {
        var otherwise = setting.Default == "true";
        if (Given(setting) is not { } value)
            return otherwise;
        if (FlagText.TryParse(value.Text.Trim(), out var flag))
            return flag;
        findings.Fault(value.Variable, $"{Shown.Quote(value.Text)} is neither true nor false.", "true");
        return otherwise;
    }

    /// <summary>The number, or null where it is not given and has no default.</summary>
    public int? Integer(Setting setting)
    {
        int? otherwise = setting.Default is { } text ? int.Parse(text) : null;
        if (Given(setting) is not { } value)
            return otherwise;
        var written = value.Text.Trim();
        if (written.Length is > 0 and < 20 && written.All(char.IsAsciiDigit) && ulong.Parse(written) is var number
            && number >= (ulong)setting.Minimum && number <= (ulong)setting.Maximum)
            return (int)number;
        findings.Fault(
            value.Variable,
            $"{Shown.Quote(value.Text)} is not a whole number from {setting.Minimum} to {setting.Maximum}.",
            Example(setting));
        return otherwise;
    }

    public TimeSpan Duration(Setting setting)
    {
        _ = DurationText.TryParse(setting.Default!, out var otherwise); // Durations have a default.
        if (Given(setting) is not { } value)
            return otherwise;
        if (DurationText.TryParse(value.Text.Trim(), out var duration)
            && duration.TotalSeconds >= setting.Minimum && duration.TotalSeconds <= setting.Maximum)
            return duration;
        var least = DurationText.Format(TimeSpan.FromSeconds(setting.Minimum));
        var most = DurationText.Format(TimeSpan.FromSeconds(setting.Maximum));
        findings.Fault(
            value.Variable,
            $"{Shown.Quote(value.Text)} is not a length of time from {least} to {most}; write seconds, or 30s, 5m, 1h30m.",
            Example(setting));
        return otherwise;
    }

    /// <summary>How long something is kept.</summary>
    public TimeSpan Period(Setting setting)
    {
        _ = PeriodText.TryParse(setting.Default!, out var otherwise); // Periods have a default.
        if (Given(setting) is not { } value)
            return otherwise;
        if (PeriodText.TryParse(value.Text.Trim(), out var period))
            return period;
        findings.Fault(value.Variable, $"{Shown.Quote(value.Text)} is not a length of time; write days, or 7d, 24h, 1h30m.", Example(setting));
        return otherwise;
    }

    public long? Size(Setting setting)
    {
        long? otherwise = setting.Default is { } text && SizeText.TryParse(text, out var size) ? size : null;
        if (Given(setting) is not { } value)
            return otherwise;
        if (SizeText.TryParse(value.Text.Trim(), out var bytes) && bytes >= setting.Minimum && bytes <= setting.Maximum)
            return bytes;
        findings.Fault(
            value.Variable,
            $"{Shown.Quote(value.Text)} is not a size from {SizeText.Format(setting.Minimum)} to {SizeText.Format(setting.Maximum)}.",
            Example(setting));
        return otherwise;
    }

    /// <summary>A whole number of percent; null for "off".</summary>
    public int? Percentage(Setting setting)
    {
        var otherwise = PercentageText.Parse(setting.Default!); // Percentages have a default.
        if (Given(setting) is not { } value)
            return otherwise;
        if (OffText.IsOff(value.Text))
            return null;
        if (PercentageText.TryParse(value.Text.Trim(), out var percent) && percent >= setting.Minimum && percent <= setting.Maximum)
            return percent;
        findings.Fault(value.Variable, $"{Shown.Quote(value.Text)} is neither a percentage from {setting.Minimum}% to {setting.Maximum}% nor 'off'.", Example(setting));
        return otherwise;
    }

    /// <summary>One of the setting's words, in its spelling.</summary>
    public string Choice(Setting setting)
    {
        var otherwise = setting.Default!; // Choices have a default.
        if (Given(setting) is not { } value)
            return otherwise;
        var written = Synonyms.GetValueOrDefault(value.Text.Trim(), value.Text.Trim());
        if (setting.Choices.FirstOrDefault(choice => choice.Equals(written, StringComparison.OrdinalIgnoreCase)) is { } known)
            return known;
        // Where something may be on, off or decided here, yes and no are understood as well.
        if (setting.Choices.Contains("off") && FlagText.TryParse(written, out var flag))
            return flag ? "on" : "off";
        findings.Fault(value.Variable, $"{Shown.Quote(value.Text)} is none of {string.Join(", ", setting.Choices)}.", otherwise);
        return otherwise;
    }

    public IReadOnlyList<string> Names(Setting setting) =>
        Given(setting) is { } value ? ListText.Names(value.Text).Distinct().ToList() : [];

    public IReadOnlyList<NamedPath> NamedPaths(Setting setting)
    {
        var paths = new List<NamedPath>();
        foreach (var value in given.Of(setting))
        {
            foreach (var entry in ListText.Paths(value.Text))
            {
                if (PathText.TryParseNamed(entry, out var path, out var problem))
                    paths.Add(path);
                else
                    findings.Fault(value.Variable, problem, setting.Example);
            }
        }

        return paths;
    }

    /// <summary>The URIs of databases. <paramref name="problemOf"/> says what is wrong with one, or null; <paramref name="options"/> are those of ours that the engine has.</summary>
    public IReadOnlyList<DatabaseUri> DatabaseUris(Setting setting, Func<string, string?> problemOf, params IReadOnlyList<string> options)
    {
        var uris = new List<DatabaseUri>();
        foreach (var value in given.Of(setting))
        {
            var entries = ListText.Uris(value.Text);
            for (var i = 0; i < entries.Count; i++)
            {
                var which = entries.Count > 1 ? $"entry {i + 1}: " : "";
                if (TrySplit(entries[i], options, out var uri, out var problem) && (problem = problemOf(uri.Uri.Reveal())) is null)
                    uris.Add(uri);
                else
                    findings.Fault(value.Variable, which + problem, setting.Example);
            }
        }

        return uris;
    }

    /// <summary>SQL, each as one value, with the name of the database that it is about before a colon.</summary>
    public IReadOnlyList<SqlAssertion> Assertions(Setting setting)
    {
        var assertions = new List<SqlAssertion>();
        foreach (var value in given.Of(setting).Where(value => !string.IsNullOrWhiteSpace(value.Text)))
        {
            var (source, sql) = AssertionText.Split(value.Text);
            if (sql.Length > 0)
                assertions.Add(new SqlAssertion(value.Variable, source, sql));
            else
                findings.Fault(value.Variable, "it names a database, and no SQL.", setting.Example);
        }
        return assertions;
    }

    private static bool TrySplit(
        string text, IReadOnlyList<string> options, [NotNullWhen(true)] out DatabaseUri? uri, out string? problem)
    {
        try
        {
            (uri, problem) = (DatabaseUriText.Split(text, options), null);
            return true;
        }
        catch (FormatException error)
        {
            (uri, problem) = (null, error.Message);
            return false;
        }
    }

    /// <summary>What was given and says something; a value that was found faulty before is blank by now.</summary>
    private GivenValue? Given(Setting setting) => AllGiven(setting).FirstOrDefault();

    private IEnumerable<GivenValue> AllGiven(Setting setting) => given.Of(setting).Where(value => !string.IsNullOrWhiteSpace(value.Text));

    private Secret SecretLine(GivenValue value)
    {
        if (value.Text.AsSpan().ContainsAny('\r', '\n'))
            findings.Fault(value.Variable, "it must be one line; if it comes from a file with Windows line ends, convert that.");

        // Bytes that are not UTF-8 come out of the environment as this character: another passphrase than was meant.
        else if (value.Text.Contains('\uFFFD'))
            findings.Fault(value.Variable, "it is not UTF-8 text.");
        return new Secret(value.Text);
    }

    private bool OneLine(GivenValue value)
    {
        if (!value.Text.Trim().Any(char.IsControl))
            return true;
        findings.Fault(value.Variable, "it holds a line break or another control character.", Example(value.Setting));
        return false;
    }

    private static string? Example(Setting setting) => setting.Example ?? setting.Default;
}
