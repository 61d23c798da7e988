using System.Collections.Concurrent;
using System.Text;

namespace BackupSidecar.IntegrationTests.Secrets;

/// <summary>
/// Looks at the command lines of all processes, over and over, until it is disposed. It sleeps for a millisecond after each round: who
/// never sleeps takes a core from the programs that it looks for, and is put aside for longer than that.
/// </summary>
internal sealed class CommandLines : IAsyncDisposable
{
    private readonly Canaries _canaries;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, byte> _found = new();
    private readonly Task _looking;
    private long _rounds;

    public CommandLines(Canaries canaries)
    {
        _canaries = canaries;
        _looking = Task.Factory.StartNew(Look, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>How often all of them were looked at.</summary>
    public long Rounds => Interlocked.Read(ref _rounds);

    /// <summary>Command lines that show one.</summary>
    public IReadOnlyCollection<string> Found => [.. _found.Keys];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _looking;
        _end.Dispose();
    }

    private void Look()
    {
        var buffer = new byte[1 << 20];
        while (!_end.IsCancellationRequested)
        {
            foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
                Look(process, buffer);
            Interlocked.Increment(ref _rounds);
            Thread.Sleep(1);
        }
    }

    private void Look(string process, byte[] buffer)
    {
        try
        {
            using var file = File.OpenHandle(process + "/cmdline");
            var length = RandomAccess.Read(file, buffer, 0);
            foreach (var slot in buffer.AsSpan(0, length).IndexOf(Encoding.ASCII.GetBytes(Canaries.Mark)) < 0 ? [] : _canaries.In(buffer.AsMemory(0, length)))
                _found.TryAdd($"{slot}: {Encoding.UTF8.GetString(buffer, 0, length).Replace('\0', ' ')}", 0);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
        }
    }
}
