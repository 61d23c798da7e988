using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace BackupSidecar.Backrest.Configs;

/// <summary>
/// The text of Backrest's configuration, taken apart where plans begin and end. What is not a plan of ours is put together again
/// from the very bytes that it had: no number, name, order or escape in it can change.
/// </summary>
internal sealed class ConfigText
{
    private const int Deepest = 500;
    private const string PlanIndent = "    ";

    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] _bytes;
    private readonly List<Range> _plans = [];
    private Range? _planList;
    private Range? _modificationNumber;
    private int _end;

    private ConfigText(byte[] bytes, JsonElement root)
    {
        (_bytes, Root) = (bytes, root);
        FindPlaces();
    }

    /// <summary>The whole of it, to be read.</summary>
    public JsonElement Root { get; }

    /// <summary>The plans that it has, in its order.</summary>
    public IReadOnlyList<JsonElement> Plans =>
        Root.TryGetProperty("plans", out var plans) && plans.ValueKind == JsonValueKind.Array ? [.. plans.EnumerateArray()] : [];

    /// <exception cref="BackrestException">It is not what Backrest could read.</exception>
    public static ConfigText Parse(byte[] bytes, string origin)
    {
        try
        {
            if (!Utf8.IsValid(bytes))
                throw new JsonException("Its text is not UTF-8.");
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = Deepest, AllowDuplicateProperties = false });
            var root = document.RootElement.Clone();
            if (root.ValueKind != JsonValueKind.Object)
                throw new JsonException("It is not an object.");
            if (root.TryGetProperty("plans", out var plans) && plans.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
                throw new JsonException("Its plans are not a list.");
            // Half of a surrogate pair can be read, and not written.
            using var nowhere = new Utf8JsonWriter(Stream.Null);
            root.WriteTo(nowhere);
            return new ConfigText(bytes, root);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new BackrestException(
                $"{origin} is not a configuration that Backrest could read, so it is left alone. {error.Message} Backrest keeps copies of earlier ones beside it (config.json.bak.*).",
                error);
        }
    }

    /// <summary>Whether these are its very bytes.</summary>
    public bool IsText(ReadOnlySpan<byte> bytes) => bytes.SequenceEqual(_bytes);

    /// <summary>The same text with another list of plans.</summary>
    /// <param name="plans">Each either the number of a plan that stays as it is, or a new text for one.</param>
    /// <param name="countsUp">Whether the modification number goes up by one, so that nobody saves what he read before over this.</param>
    public byte[] With(IReadOnlyList<PlanEntry> plans, bool countsUp)
    {
        var list = plans.Count == 0
            ? "[]"u8.ToArray()
            : Encoding.UTF8.GetBytes($"[\n{PlanIndent}").Concat(Joined(plans)).Concat("\n  ]"u8.ToArray()).ToArray();
        List<(Range Place, byte[] Text)> changes = [_planList is { } place ? (place, list) : (_end.._end, Member("plans", list))];
        if (countsUp)
            changes.AddRange(CountedUp());
        var result = new MemoryStream();
        var at = 0;
        foreach (var (range, text) in changes.OrderBy(change => change.Place.Start.Value))
        {
            result.Write(_bytes.AsSpan(at..range.Start.Value));
            result.Write(text);
            at = range.End.Value;
        }
        result.Write(_bytes.AsSpan(at..));
        return result.ToArray();
    }

    private IEnumerable<byte> Joined(IReadOnlyList<PlanEntry> plans) =>
        plans.SelectMany((plan, index) => Encoding.UTF8.GetBytes(index == 0 ? "" : $",\n{PlanIndent}").Concat(TextOf(plan)));

    private byte[] TextOf(PlanEntry plan) => plan.New is { } json
        ? Encoding.UTF8.GetBytes(json.ToJsonString(Written).ReplaceLineEndings("\n").Replace("\n", "\n" + PlanIndent, StringComparison.Ordinal))
        : _bytes[_plans[plan.Kept]];

    /// <summary>A number that is not there is zero, and one that cannot be counted is left alone.</summary>
    private IEnumerable<(Range, byte[])> CountedUp()
    {
        if (_modificationNumber is not { } place)
            return [(_end.._end, Member("modno", "1"u8.ToArray()))];
        var number = 0.0;
        var isNumber = !Root.TryFind(out var value, "modno") || (value.TryGetNumber(out number) && number == Math.Floor(number));
        return isNumber && number is >= int.MinValue and < int.MaxValue
            ? [(place, Encoding.UTF8.GetBytes(((int)number + 1).ToString(CultureInfo.InvariantCulture)))]
            : [];
    }

    /// <summary>Behind the last member; there is one, for without a repository there is no plan.</summary>
    private static byte[] Member(string name, byte[] value) => [.. Encoding.UTF8.GetBytes($",\n  \"{name}\": "), .. value];

    private void FindPlaces()
    {
        var reader = new Utf8JsonReader(_bytes, new JsonReaderOptions { MaxDepth = Deepest });
        reader.Read();
        _end = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isPlans = reader.ValueTextEquals("plans"u8);
            var isNumber = reader.ValueTextEquals("modno"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (isPlans && reader.TokenType == JsonTokenType.StartArray)
                FindPlans(ref reader);
            else
                reader.Skip();
            _end = (int)reader.BytesConsumed;
            if (isPlans)
                _planList = start.._end;
            if (isNumber)
                _modificationNumber = start.._end;
        }
    }

    private void FindPlans(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            _plans.Add(start..(int)reader.BytesConsumed);
        }
    }
}

/// <summary>A plan of the list that is to be: the one that had this number, untouched, or a new text.</summary>
internal readonly record struct PlanEntry(int Kept, JsonObject? New = null);
