namespace BackupSidecar.Configuration.Input;

/// <summary>What was given for every setting, and which settings were named without saying anything.</summary>
internal sealed class GivenSettings(ILookup<Setting, GivenValue> values, IReadOnlySet<Setting> blank)
{
    /// <summary>Whether labels of containers say what is backed up, too; see <see cref="LabelFrontDoor"/>.</summary>
    public bool ReadsLabels { get; init; }

    public IEnumerable<GivenValue> All => values.SelectMany(group => group);

    /// <summary>Settings that stand somewhere with a blank value. Compose does that to every variable that its own file lacks.</summary>
    public IReadOnlySet<Setting> Blank => blank;

    /// <summary>The values of a setting, in the order of their numbers.</summary>
    public IEnumerable<GivenValue> Of(Setting setting) => values[setting];

    public GivenValue? Find(Setting setting) => values[setting].FirstOrDefault();

    public bool IsGiven(Setting setting) => values.Contains(setting);
}
