using System.Runtime.InteropServices;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// The few functions of ISA-L (libisal) that are needed: DEFLATE at several times the speed of zlib, and gzip's checksum. It is
/// used where it is installed; everything that it does can be done without it.
/// </summary>
/// <remarks>
/// ISA-L keeps its state in memory of the caller, whose first fields are the interface; the rest is its own. The numbers are
/// those of igzip_lib.h, the same on all 64-bit systems. A state gets more memory than any version needs.
/// </remarks>
internal static partial class IsalLibrary
{
    private const string Name = "libisal.so.2";

    /// <summary>For a state: 82,384 bytes to deflate and 87,368 to inflate in version 2.30.</summary>
    public const nuint StateBytes = 128 * 1024;

    /// <summary>ISAL_DEF_LVL2_DEFAULT: what level 2 wants for its hash table and its tokens.</summary>
    public const int LevelBufferBytes = (4 * 1024) + (2 * 32 * 1024) + (4 * 64 * 1024);

    public const ushort SyncFlush = 1;

    public static bool IsInstalled { get; } = NativeLibrary.TryLoad(Name, out _);

    [LibraryImport(Name, EntryPoint = "isal_deflate_init")]
    public static unsafe partial void InitializeDeflate(IsalDeflateState* state);

    /// <summary>Takes input and gives output until one of them ends; 0, or a negative number for a state that makes no sense.</summary>
    [LibraryImport(Name, EntryPoint = "isal_deflate")]
    public static unsafe partial int Deflate(IsalDeflateState* state);

    [LibraryImport(Name, EntryPoint = "isal_inflate_init")]
    public static unsafe partial void InitializeInflate(IsalInflateState* state);

    /// <summary>0 if the input holds a whole DEFLATE stream and the output has room for it; something else otherwise.</summary>
    [LibraryImport(Name, EntryPoint = "isal_inflate_stateless")]
    public static unsafe partial int InflateWhole(IsalInflateState* state);

    [LibraryImport(Name, EntryPoint = "crc32_gzip_refl")]
    public static partial uint Crc32(uint crc, ReadOnlySpan<byte> bytes, ulong length);
}

/// <summary>The head of isal_zstream.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IsalDeflateState
{
    public nint NextInput;
    public uint InputBytes;
    public uint TotalInput;
    public nint NextOutput;
    public uint OutputBytes;
    public uint TotalOutput;
    public nint HuffmanTables;
    public uint Level;
    public uint LevelBufferBytes;
    public nint LevelBuffer;
    public ushort EndOfStream;
    public ushort Flush;
    public ushort GzipFlag;
    public ushort HistoryBits;
}

/// <summary>The head of inflate_state.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IsalInflateState
{
    public nint NextOutput;
    public uint OutputBytes;
    public uint TotalOutput;
    public nint NextInput;
    public ulong BitBuffer;
    public uint InputBytes;
    public int BitsInBuffer;
}
