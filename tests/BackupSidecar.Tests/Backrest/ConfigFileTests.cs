using System.Text;
using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Tests.Stores;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Backrest;

public sealed class ConfigFileTests : IDisposable
{
    private static readonly byte[] New = "{\"new\":1}"u8.ToArray();

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Path => _folder["config.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_is_replaced_with_its_owner_and_mode_and_nothing_is_left_beside_it()
    {
        _folder.Write("config.json", "{\"old\":1}");
        _folder.Shell("chmod 640 config.json && if [ $(id -u) = 0 ]; then chown 1234:2345 config.json; fi");
        var before = _folder.Shell("stat -c '%a %u:%g' config.json");
        var file = new ConfigFile(Path);

        Assert.True(await file.TryReplaceAsync((await file.ReadAsync(Cancellation))!, New, Cancellation));

        Assert.Equal(New, await File.ReadAllBytesAsync(Path, Cancellation));
        Assert.Equal(before, _folder.Shell("stat -c '%a %u:%g' config.json"));
        Assert.Equal("config.json\n", _folder.Shell("ls -A"));
    }

    [Fact]
    public void Whether_it_could_be_replaced_is_found_out_without_writing_anything()
    {
        using var disk = new SmallFileSystem();
        var path = System.IO.Path.Combine(disk.Path, "config.json");
        File.WriteAllText(path, "{}");
        var file = new ConfigFile(path);
        file.CheckReplaceable();
        Assert.Equal([path], Directory.GetFileSystemEntries(disk.Path));

        _folder.Shell($"mount --bind {path} {path}");
        var alone = Assert.Throws<BackrestException>(file.CheckReplaceable);
        _folder.Shell($"umount {path}");
        disk.MakeReadOnly();
        var readOnly = Assert.Throws<BackrestException>(file.CheckReplaceable);

        Assert.Contains("The file itself is mounted", alone.Message, StringComparison.Ordinal);
        Assert.Contains("Mount it read-write", readOnly.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_else_may_read_the_file_may_so_afterwards_and_nobody_more()
    {
        _folder.Write("config.json", "{\"old\":1}");
        _folder.Shell("chmod 600 config.json && setfacl -m u:1234:rw,g:2345:r config.json && setfattr -n user.note -v mine config.json");
        var before = _folder.Shell("getfacl -n config.json; getfattr -d config.json; stat -c %a config.json");
        var file = new ConfigFile(Path);

        Assert.True(await file.TryReplaceAsync((await file.ReadAsync(Cancellation))!, New, Cancellation));

        Assert.Equal(New, await File.ReadAllBytesAsync(Path, Cancellation));
        Assert.Equal(before, _folder.Shell("getfacl -n config.json; getfattr -d config.json; stat -c %a config.json"));
    }

    [Fact]
    public async Task An_entry_for_others_that_the_folder_gives_to_new_files_is_not_given_to_this_one()
    {
        _folder.Write("config.json", "{\"old\":1}");
        _folder.Shell("chmod 600 config.json && setfacl -d -m u:1234:rw .");
        var before = _folder.Shell("getfacl -n config.json");
        var file = new ConfigFile(Path);

        Assert.True(await file.TryReplaceAsync((await file.ReadAsync(Cancellation))!, New, Cancellation));

        Assert.Equal(before, _folder.Shell("getfacl -n config.json"));
    }

    [Fact]
    public async Task What_somebody_else_wrote_meanwhile_is_never_written_over()
    {
        _folder.Write("config.json", "{\"old\":1}");
        var file = new ConfigFile(Path);
        var read = await file.ReadAsync(Cancellation);
        _folder.Write("config.json", "{\"theirs\":1}");

        Assert.False(await file.TryReplaceAsync(read!, New, Cancellation));

        Assert.Equal("{\"theirs\":1}", await File.ReadAllTextAsync(Path, Cancellation));
        Assert.Equal("config.json\n", _folder.Shell("ls -A"));
    }

    [Fact]
    public async Task A_link_stays_a_link()
    {
        _folder.Write("real/config.json", "{\"old\":1}");
        File.CreateSymbolicLink(Path, _folder["real", "config.json"]);
        var file = new ConfigFile(Path);

        Assert.True(await file.TryReplaceAsync((await file.ReadAsync(Cancellation))!, New, Cancellation));

        Assert.Equal(New, await File.ReadAllBytesAsync(_folder["real", "config.json"], Cancellation));
        Assert.Equal(_folder["real", "config.json"], File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName);
    }

    [Fact]
    public async Task A_file_that_is_mounted_by_itself_is_refused_with_advice()
    {
        Assert.SkipWhen(Environment.UserName != "root", "Only root can mount.");
        _folder.Write("config.json", "{\"old\":1}");
        _folder.Shell("mount --bind config.json config.json");
        var file = new ConfigFile(Path);
        var read = await file.ReadAsync(Cancellation);

        var failure = await Assert.ThrowsAsync<BackrestException>(() => file.TryReplaceAsync(read!, New, Cancellation));

        Assert.Contains("mount the folder that it lies in", failure.Message, StringComparison.Ordinal);
        Assert.Equal("{\"old\":1}", await File.ReadAllTextAsync(Path, Cancellation));
    }

    [Fact]
    public async Task A_folder_that_is_mounted_to_be_read_only_is_refused_with_advice()
    {
        Assert.SkipWhen(Environment.UserName != "root", "Only root can mount.");
        _folder.Write("mount/config.json", "{\"old\":1}");
        _folder.Shell("mount --bind mount mount && mount -o remount,bind,ro mount");
        var file = new ConfigFile(_folder["mount", "config.json"]);
        var read = await file.ReadAsync(Cancellation);

        var replacing = await Assert.ThrowsAsync<BackrestException>(() => file.TryReplaceAsync(read!, New, Cancellation));
        var noting = Assert.Throws<BackrestException>(() => new PendingApply(file, TimeProvider.System).Note());

        Assert.All([replacing, noting], failure => Assert.EndsWith("Mount its folder read-write.", failure.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("touch .config.json.backup-sidecar-prefix-nas_")]
    [InlineData("mkdir .config.json.backup-sidecar-prefix-nas_")]
    [InlineData("true")]
    public void Others_with_a_longer_prefix_are_known_whether_or_not_ours_can_be_noted(string before)
    {
        _folder.Write("config.json", "{}");
        _folder.Shell(before);
        _folder.Shell("touch .config.json.backup-sidecar-prefix-nas_two_ .config.json.backup-sidecar-prefix-other_ .other.json.backup-sidecar-prefix-nas_three_");

        Assert.Equal(["nas_two_"], new ConfigFile(Path).LongerPrefixes("nas_", mayWrite: true));
        Assert.Empty(new ConfigFile(Path).LongerPrefixes("nas_two_", mayWrite: true));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_none() => Assert.Null(await new ConfigFile(Path).ReadAsync(Cancellation));

    [Theory(Timeout = 30_000)]
    [InlineData("mkdir config.json", "It is a directory")]
    [InlineData("mkfifo config.json", "It is no file but something else")]
    [InlineData("ln -s other config.json; ln -s config.json other", "It is no file but something else")]
    [InlineData("touch file; ln -s file/config.json config.json", "Not a directory")]
    public async Task Something_else_in_its_place_is_told_and_waited_for_by_nobody(string made, string told)
    {
        _folder.Shell(made);

        var failure = await Assert.ThrowsAsync<BackrestException>(() => new ConfigFile(Path).ReadAsync(Cancellation));

        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_JSON_is_left_alone()
    {
        _folder.Write("config.json", "{ \"plans\": [");

        await Assert.ThrowsAsync<BackrestException>(() => new ConfigFile(Path).ReadAsync(Cancellation));

        Assert.Equal("{ \"plans\": [", Encoding.UTF8.GetString(await File.ReadAllBytesAsync(Path, Cancellation)));
    }

    [Fact]
    public async Task So_is_one_whose_text_is_no_UTF_8()
    {
        await File.WriteAllBytesAsync(Path, [.. "{\"instance\":\"n"u8, 0xFF, .. "s\"}"u8], Cancellation);

        var failure = await Assert.ThrowsAsync<BackrestException>(() => new ConfigFile(Path).ReadAsync(Cancellation));

        Assert.Contains("UTF-8", failure.Message, StringComparison.Ordinal);
    }
}
