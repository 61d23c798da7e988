using System.Runtime.InteropServices;

namespace BackupSidecar.Archives.Compression;

/// <summary>The few functions of libzstd that are needed, and what its return values mean.</summary>
internal static partial class ZstdLibrary
{
    private const string Name = "libzstd.so.1";
    public const int CompressionLevelParameter = 100;
    public const int HashLogParameter = 102;
    public const int ChainLogParameter = 103;
    public const int MinimumMatchParameter = 105;
    public const int ChecksumParameter = 201;

    /// <exception cref="DllNotFoundException">The library is not installed.</exception>
    public static void EnsureInstalled()
    {
        if (!NativeLibrary.TryLoad(Name, out _))
        {
            throw new DllNotFoundException(
                $"zstd compression needs {Name}, which is not installed. Install it (Debian: libzstd1), or use BACKUP_COMPRESSION=gzip.");
        }
    }

    public static bool IsGood(nuint result) => IsError(result) == 0;

    /// <exception cref="InvalidDataException">The value is one of zstd's errors.</exception>
    public static nuint Check(nuint result) => IsGood(result)
        ? result
        : throw new InvalidDataException("zstd: " + Marshal.PtrToStringUTF8(ErrorName(result)));

    [LibraryImport(Name, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint result);

    [LibraryImport(Name, EntryPoint = "ZSTD_getErrorName")]
    private static partial nint ErrorName(nuint result);

    [LibraryImport(Name, EntryPoint = "ZSTD_compressBound")]
    public static partial nuint CompressBound(nuint bytes);

    [LibraryImport(Name, EntryPoint = "ZSTD_createCCtx")]
    public static partial nint CreateCompressor();

    [LibraryImport(Name, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeCompressor(nint compressor);

    [LibraryImport(Name, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetParameter(nint compressor, int parameter, int value);

    [LibraryImport(Name, EntryPoint = "ZSTD_compress2")]
    public static partial nuint Compress(nint compressor, Span<byte> output, nuint outputBytes, ReadOnlySpan<byte> input, nuint inputBytes);

    [LibraryImport(Name, EntryPoint = "ZSTD_createDCtx")]
    public static partial nint CreateDecompressor();

    [LibraryImport(Name, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecompressor(nint decompressor);

    [LibraryImport(Name, EntryPoint = "ZSTD_decompressDCtx")]
    public static partial nuint DecompressFrame(nint decompressor, Span<byte> output, nuint outputBytes, ReadOnlySpan<byte> input, nuint inputBytes);

    /// <summary>Length of a frame's content; one of the two largest numbers if it does not say, or this is no frame.</summary>
    [LibraryImport(Name, EntryPoint = "ZSTD_getFrameContentSize")]
    public static partial ulong FrameContentBytes(ReadOnlySpan<byte> input, nuint inputBytes);

    /// <summary>Length of a whole frame; an error if the input does not hold it to its end.</summary>
    [LibraryImport(Name, EntryPoint = "ZSTD_findFrameCompressedSize")]
    public static partial nuint FrameBytes(ReadOnlySpan<byte> input, nuint inputBytes);

    [LibraryImport(Name, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint Decompress(nint decompressor, ref ZstdBuffer output, ref ZstdBuffer input);
}

/// <summary>ZSTD_inBuffer and ZSTD_outBuffer: a piece of memory, and how far it was read or written.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ZstdBuffer
{
    public nint Memory;
    public nuint Bytes;
    public nuint Position;
}
