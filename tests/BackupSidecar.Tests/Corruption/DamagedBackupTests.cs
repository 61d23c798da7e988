using System.Text.Json.Nodes;
using BackupSidecar.Planning;
using BackupSidecar.Runs;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Verification;

namespace BackupSidecar.Tests.Corruption;

/// <summary>Whatever happens to a stored backup behind our back: verify and restore refuse it, nothing is stopped, and the target stays as it is.</summary>
public sealed class DamagedBackupTests : IAsyncDisposable
{
    private readonly DamagedScene _scene = new(DamagedScene.Signing);

    public static TheoryData<string, string> Damages =>
        [.. StoredDamage.All.Keys.SelectMany(damage => new[] { (damage, "local"), (damage, "s3") })];

    public static TheoryData<string> Edits => ["changed", "removed", "duplicated", "made nothing"];

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task What_was_not_damaged_is_restored()
    {
        var name = await _scene.Restores.BackUpAsync();
        _scene.ChangeTarget();

        await _scene.AssertRestoredAsync(name);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_is_refused_before_anything_is_stopped_or_touched(string damage, string store)
    {
        var other = await _scene.Restores.BackUpAsync(_scene.Restores.Local, _scene.Restores.Far);
        _scene.Restores.Folder.Shell("seq 1500 > data/a");
        var name = await _scene.Restores.BackUpAsync(_scene.Restores.Local, _scene.Restores.Far);
        _scene.ChangeTarget();
        IBackupStore damaged = store == "local" ? _scene.Restores.Local : _scene.Restores.Far;

        await StoredDamage.All[damage].DoAsync(damaged, name, other, Token);

        await _scene.AssertNotRestoredAsync(name, store);
        // Without its archive or its manifest there is nothing that a key could vouch for, but a person may trust what lies there.
        if (damage is not ("no manifest any more" or "a manifest that nobody signed"))
            await _scene.AssertNotRestoredAsync(name, store, allowUnverified: true);
    }

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task Every_edit_of_the_manifest_is_refused(string edit)
    {
        var name = await _scene.Restores.BackUpAsync();
        _scene.ChangeTarget();
        var path = Path.Combine(_scene.Restores.Local.Folder, name.ManifestFileName);
        var whole = await File.ReadAllTextAsync(path, Token);
        var places = Places(JsonNode.Parse(whole)!).Select(node => node.GetPath())
            // What stands beside the code in there is not covered by it, and means nothing.
            .Where(place => edit != "changed" || place != "$.authentication").ToList();

        Assert.InRange(places.Count, 25, 80);
        foreach (var place in places)
        {
            await File.WriteAllTextAsync(path, Edit(whole, place, edit), Token);
            await _scene.AssertRefusedAsync(name);
        }
    }

    [Fact]
    public async Task A_half_written_archive_under_a_final_name_is_no_backup_whatever_its_length()
    {
        var good = await _scene.Restores.BackUpAsync();
        var whole = await File.ReadAllBytesAsync(Path.Combine(_scene.Restores.Local.Folder, good.FileName), Token);
        _scene.ChangeTarget();
        var halves = new List<ArchiveName>();
        foreach (var length in (int[])[0, 1, 511, 512, 513, whole.Length / 2, whole.Length - 1, whole.Length])
            halves.Add(await _scene.Restores.StoreAsync(whole[..length], good.Extension, sources: null));

        var plan = await new RetentionRun(_scene.Restores.Settings, TimeProvider.System, _scene.Restores.Log).PlanAsync(_scene.Restores.Local, Token);

        Assert.Equal([good.FileName], plan.Decisions.Select(decision => decision.Candidate.Archive));
        foreach (var half in halves)
            await _scene.AssertRefusedAsync(half);
        await _scene.Restores.RestoredAsync();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IEnumerable<JsonNode> Places(JsonNode node) => node switch
    {
        JsonObject members => members.Where(member => member.Value is not null).SelectMany(member => Places(member.Value!).Append(member.Value!)).Distinct(),
        JsonArray items => items.SelectMany(item => Places(item!).Append(item!)).Distinct(),
        _ => [],
    };

    private static string Edit(string manifest, string place, string edit)
    {
        var document = JsonNode.Parse(manifest)!;
        var node = Places(document).Single(candidate => candidate.GetPath() == place);
        if (edit == "duplicated")
            return Duplicate(manifest, node);
        if (edit == "changed")
            Change(node);
        else if (node.Parent is JsonArray items)
            items[items.IndexOf(node)] = null;
        else
            Without(node.Parent!.AsObject(), node.GetPropertyName(), keepName: edit == "made nothing");
        return document.ToJsonString();
    }

    private static void Without(JsonObject members, string name, bool keepName)
    {
        members.Remove(name);
        if (keepName)
            members[name] = null;
    }

    private static void Change(JsonNode node)
    {
        if (node is JsonObject members)
            members["more"] = 1;
        else if (node is JsonArray items)
            items.Add(items.Count == 0 ? JsonValue.Create("more") : items[0]!.DeepClone());
        else if (node.AsValue().TryGetValue<long>(out var number))
            node.ReplaceWith(number + 1);
        else
            node.ReplaceWith(node.GetValue<string>() + "0");
    }

    /// <summary>The same member once more, which readers understand in different ways; of an item of a list, a copy of it.</summary>
    private static string Duplicate(string manifest, JsonNode node)
    {
        if (node.Parent is JsonArray items)
        {
            items.Add(node.DeepClone());
            return node.Root.ToJsonString();
        }
        const string Mark = "the place of the second one";
        node.Parent!.AsObject()[Mark] = node.DeepClone();
        return node.Root.ToJsonString().Replace($"\"{Mark}\"", $"\"{node.GetPropertyName()}\"", StringComparison.Ordinal);
    }
}
