using System.IO.Compression;
using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Archives.Tar;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Hostile;

/// <summary>How a hostile archive gets past the question who made it.</summary>
public enum Road
{
    /// <summary>Whoever made it has the key: its manifest is authentic and fits.</summary>
    Authentic,

    /// <summary>Its manifest fits, but nobody signed it; the operator allowed that.</summary>
    Allowed,

    /// <summary>An archive of docker-backup-sidecar, without any manifest; the operator allowed that.</summary>
    Legacy,
}

/// <summary>What is asked of the restore.</summary>
public enum Mode
{
    InPlace,
    Merge,
    To,
}

/// <summary>
/// A target with something in it, a canary beside it, and restores of whatever tar stream over each road. What must never happen is
/// looked at after each of them.
/// </summary>
internal sealed class HostileScene : IDisposable
{
    private const string DescribeCanary =
        "stat -c '%n %i %h %a %u:%g %Y %Z' canary canary/bird canary/twin canary/link; sha256sum canary/bird; ls -A canary; ls -A . | grep -vE '^(out|far|store|state|staging)$'; stat -c '%i %h %Y' /etc/passwd";

    private const string DescribeTarget = "find data -printf '%p %i %n %m %s %l %T@\\n' | sort; cat data/a data/sub/b";

    private readonly RestoreScene _scene = new();
    private readonly string _canary;
    private readonly string _target;

    public HostileScene()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell(
            "mkdir canary; echo alive > canary/bird; ln canary/bird canary/twin; ln -s bird canary/link; mkdir -p store/shop; echo old > data/a; mkdir data/sub; echo older > data/sub/b; ln -s ../canary data/way");
        _scene.Settings = _scene.Settings with { Archive = new ArchiveSettings { CompressionThreads = 1, SigningKey = new Secret("a signing key of this test") } };
        _canary = _scene.Folder.Shell(DescribeCanary);
        _target = _scene.Folder.Shell(DescribeTarget);
    }

    public string Canary => _scene.Folder["canary"];

    public void Dispose() => _scene.Dispose();

    /// <summary>Restores the stream, and looks at everything that must be as it was whatever became of it.</summary>
    public async Task<RunReport> RestoreAsync(byte[] tar, Road road, Mode mode)
    {
        var name = await StoreAsync(tar, road);
        var report = await _scene.RestoreAsync(new RestoreOptions
        {
            Backup = name.FileName,
            AllowUnverified = road != Road.Authentic,
            Merge = mode == Mode.Merge,
            ToDirectory = mode == Mode.To ? _scene.Folder["out"] : null,
        });
        AssertContained(report, road, mode);
        return report;
    }

    /// <summary>The names that a restore to a folder has made, those in ASCII.</summary>
    public HashSet<string> Unpacked() =>
        [.. _scene.Folder.Shell("cd out; find . -mindepth 1 -printf '%P\\0'").Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(name => name.All(char.IsAscii))];

    private async Task<ArchiveName> StoreAsync(byte[] tar, Road road)
    {
        if (road == Road.Legacy)
            return await _scene.StoreAsync(Gzip([.. Outer(Gzip(tar)), .. TarStream.End]), ".tar.gz", sources: null);
        if (road == Road.Authentic)
            return await _scene.StoreAsync(tar, ".tar", [Fitting(tar)]);
        var settings = _scene.Settings;
        _scene.Settings = settings with { Archive = new ArchiveSettings { CompressionThreads = 1 } };
        var name = await _scene.StoreAsync(tar, ".tar", [Fitting(tar)]);
        _scene.Settings = settings;
        return name;
    }

    private void AssertContained(RunReport report, Road road, Mode mode)
    {
        Assert.Contains(report.Outcome, (RunOutcome[])[RunOutcome.Succeeded, RunOutcome.Refused, RunOutcome.Failed]);
        Assert.Equal(_canary, _scene.Folder.Shell(DescribeCanary));
        Assert.False(Path.Exists("/tmp/backup-sidecar-canary"));
        Assert.Empty(_scene.Folder.Shell("find . -path ./store -prune -o -name '.backup-sidecar-restore-*' -print; find . -type b -o -type c -o -type s; ls -A staging"));
        if (report.Outcome != RunOutcome.Succeeded)
            Assert.Empty(_scene.Folder.Shell("ls -A out 2>/dev/null || true"));
        if (report.Outcome != RunOutcome.Succeeded || mode == Mode.To)
            Assert.Equal(_target, _scene.Folder.Shell(DescribeTarget));
        if (road != Road.Authentic)
            Assert.Empty(_scene.Folder.Shell("find data out \\( -type p -o ! -type l -perm /6000 \\) 2>/dev/null || true; getfattr -R -h -P -m '^(security|trusted)' data out 2>/dev/null || true"));
    }

    /// <summary>What a forger would write, who reads the stream as we do: of what cannot be read, nothing.</summary>
    private static ManifestSource Fitting(byte[] tar)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (entries, bytes) = (0L, 0L);
        try
        {
            var parser = new TarParser(new MemoryStream(tar));
            while (parser.Next() is { } header)
            {
                var isIn = header.Name.Split('/')[0] == "data";
                if (isIn)
                    (entries, bytes) = (entries + 1, bytes + header.Bytes);
                Append(isIn, parser.HeaderRecords);
                while (parser.TakeContent() is { Length: > 0 } content)
                    Append(isIn, content);
                Append(isIn, parser.TakePadding());
            }
        }
        catch (InvalidDataException)
        {
            // Whatever is said of the rest, nobody can compare it.
        }
        return new ManifestSource
        {
            Kind = SourceKind.Directory,
            Entry = "data",
            Origin = "/somewhere",
            State = SourceState.Complete,
            Bytes = bytes,
            Entries = entries,
            TarSha256 = Convert.ToHexStringLower(hash.GetHashAndReset()),
        };

        void Append(bool isIn, ReadOnlySpan<byte> part)
        {
            if (isIn)
                hash.AppendData(part);
        }
    }

    private static byte[] Outer(byte[] nested) =>
        [.. TarStream.Header("./data.tar.gz", size: Convert.ToString(nested.Length, 8).PadLeft(11, '0')), .. nested, .. new byte[-nested.Length & 511]];

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
            gzip.Write(content);
        return packed.ToArray();
    }
}
