namespace BackupSidecar.Databases;

/// <summary>
/// Moves bytes out of and into programs, on a thread that may block. Who waits at a pipe does not notice a cancellation: only
/// the end of the program on its other side wakes him, so a cancellation kills the programs.
/// </summary>
internal static class ProgramStreams
{
    private const int ChunkSize = 256 * 1024;

    /// <summary>Hands a stream, chunk by chunk, to <paramref name="take"/>. False if that wanted no more before the end came.</summary>
    public static async Task<bool> PumpAsync(Stream source, Func<byte[], int, bool> take, Action kill, CancellationToken cancellation)
    {
        await using var registration = cancellation.Register(kill);
        var reachedEnd = await Task.Run(() => Pump(source, take), CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        return reachedEnd;
    }

    /// <summary>Writes to a program's standard input; false if the program has ended. Its last words say why.</summary>
    public static bool TryWrite(Stream program, byte[] buffer, int length)
    {
        try
        {
            program.Write(buffer, 0, length);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool Pump(Stream source, Func<byte[], int, bool> take)
    {
        var buffer = new byte[ChunkSize];
        for (int length; (length = Read(source, buffer)) > 0;)
        {
            if (!take(buffer, length))
                return false;
        }
        return true;
    }

    /// <summary>A source that breaks is told apart from a destination that does.</summary>
    private static int Read(Stream source, byte[] buffer)
    {
        try
        {
            return source.Read(buffer, 0, ChunkSize);
        }
        catch (IOException error)
        {
            throw new DatabaseException(error.Message, error);
        }
    }
}
