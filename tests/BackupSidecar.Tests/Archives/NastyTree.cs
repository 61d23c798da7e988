namespace BackupSidecar.Tests.Archives;

/// <summary>A directory with everything in it that backups get wrong, and a text that tells two such directories apart.</summary>
internal static class NastyTree
{
    /// <summary>The tar command that directories are read with.</summary>
    public const string TarOptions = "--format=pax --sparse --xattrs --acls --numeric-owner";

    private const string Make =
        """
        mkdir -p deep empty 'with space' plain
        echo one > plain/original && ln plain/original plain/hardlink
        truncate -s 64M sparse && printf data | dd of=sparse bs=1 seek=40000000 conv=notrunc status=none
        echo x > attributed && setfattr -n user.colour -v blue attributed
        echo x > controlled && setfacl -m u:12345:r controlled
        echo x > setuid && chmod 4755 setuid
        echo x > $'latin-\xe9\xff' && echo x > "$(printf 'n%.0s' {1..255})" && echo x > $'new\nline' && echo x > ünïcode
        mkfifo fifo && ln -s nowhere/at/all dangling && ln -s "$(printf 't%.0s' {1..200})" long-link
        d=deep; for i in {1..12}; do d=$d/$(printf 'd%.0s' {1..80}); mkdir "$d"; done; echo x > "$d/bottom"
        : > zero
        for size in 1 511 512 513 65535 65536 1048575 1048576 1048577 2097151 2097152 2097153 3145728; do head -c $size /dev/urandom > size-$size; done
        head -c 1000000 /dev/zero | tr '\0' 'a' > compressible
        touch -d '1965-03-04 05:06:07' before-epoch && touch -d '2018-01-02 03:04:05.123456789' precise
        """;

    private const string Describe =
        """
        find . -mindepth 1 ! -type d -printf '%P|%y|%m|%U|%G|%s|%n|%l|%T@\n' | sort
        find . -mindepth 1 -type d -printf '%P|%y|%m|%U|%G\n' | sort
        find . -type f -print0 | sort -z | xargs -0 sha256sum
        getfattr -R -h -d -m - -e hex . ; getfacl -R -n -p .
        [ $(stat -c %b sparse) -lt 2000 ] && echo sparse stays sparse
        """;

    public static string CreateIn(string directory)
    {
        Host.Bash(Make, directory);
        return directory;
    }

    public static string DescriptionOf(string directory) => Host.Text(Describe, directory);
}
