using System.IO.Compression;
using System.Runtime.InteropServices;

namespace BackupSidecar.Archives.Compression;

/// <summary>Inflates a whole DEFLATE stream of which the length is known, before and after. Kept by one worker.</summary>
internal abstract class Inflater : IDisposable
{
    public static Inflater New() => IsalLibrary.IsInstalled ? new IsalInflater() : new ZlibInflater();

    /// <summary>Whether these bytes, to the last one, are a DEFLATE stream whose content fills the destination.</summary>
    public abstract bool TryInflate(ArraySegment<byte> deflated, Span<byte> destination);

    public virtual void Dispose()
    {
    }
}

/// <summary>The runtime's own zlib-ng.</summary>
internal sealed class ZlibInflater : Inflater
{
    public override bool TryInflate(ArraySegment<byte> deflated, Span<byte> destination)
    {
        using var input = new LastByteApart(deflated);
        using var inflate = new DeflateStream(input, CompressionMode.Decompress);
        try
        {
            return inflate.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) == destination.Length
                && inflate.ReadByte() < 0
                && input.IsUsedUp;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>
    /// .NET does not say how much of what it read belongs to the DEFLATE stream. It does not read on behind that stream's end,
    /// though: if it asked for the last byte, it needed it.
    /// </summary>
    private sealed class LastByteApart(ArraySegment<byte> bytes) : ReadOnlyStream
    {
        private int _taken;

        public bool IsUsedUp => _taken == bytes.Count;

        public override int Read(Span<byte> buffer)
        {
            var left = bytes.Count - _taken;
            var length = Math.Min(buffer.Length, left > 1 ? left - 1 : left);
            bytes.AsSpan(_taken, length).CopyTo(buffer);
            _taken += length;
            return length;
        }
    }
}

/// <summary>ISA-L, at about three times the speed.</summary>
internal sealed unsafe class IsalInflater : Inflater
{
    private readonly IsalInflateState* _state = (IsalInflateState*)NativeMemory.AlignedAlloc(IsalLibrary.StateBytes, 64);
    private bool _isDisposed;

    public override bool TryInflate(ArraySegment<byte> deflated, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        // An empty span has no address, and a DEFLATE stream without content is one all the same.
        byte nothing = 0;
        fixed (byte* input = deflated.AsSpan())
        fixed (byte* output = destination)
        {
            IsalLibrary.InitializeInflate(_state);
            _state->NextInput = (nint)input;
            _state->InputBytes = (uint)deflated.Count;
            _state->NextOutput = (nint)(output is null ? &nothing : output);
            _state->OutputBytes = (uint)destination.Length;
            return IsalLibrary.InflateWhole(_state) == 0 && _state->InputBytes == 0 && _state->OutputBytes == 0;
        }
    }

    public override void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            NativeMemory.AlignedFree(_state);
        }
        base.Dispose();
    }
}
