using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Blocks go in at one thread, are transformed by several workers, and come out at another thread in the order in which
/// they went in. Twice as many blocks as workers, and two more, exist at most; who wants more waits. The first failure of
/// anybody stops everybody, and is what every later call throws.
/// </summary>
internal sealed class BlockPipeline(int workers, Func<BlockTransform> newTransform) : IDisposable
{
    private readonly int _mostBlocks = (2 * workers) + 2;
    private readonly BlockTransform _shape = newTransform();
    private readonly List<Block> _blocks = [];
    private readonly List<Thread> _threads = [];
    private readonly BlockingCollection<Block> _free = new(new ConcurrentStack<Block>());
    private readonly BlockingCollection<Block> _work = [];
    private readonly BlockingCollection<Block> _ordered = [];
    private readonly CancellationTokenSource _stop = new();
    private ExceptionDispatchInfo? _failure;

    /// <summary>An empty block. For the one thread that fills blocks.</summary>
    public Block Rent() => Guarded(() =>
    {
        if (!_free.TryTake(out var block))
            block = _blocks.Count < _mostBlocks ? NewBlock() : _free.Take(_stop.Token);
        block.Clear();
        return block;
    });

    /// <summary>Hands over a block whose input is to be transformed.</summary>
    public void Submit(Block block) => Guarded(() =>
    {
        if (_threads.Count < workers)
            StartWorker();
        _ordered.Add(block, _stop.Token);
        _work.Add(block, _stop.Token);
        return true;
    });

    /// <summary>Hands over a block whose output is there already.</summary>
    public void SubmitFinished(Block block) => Guarded(() =>
    {
        block.Finish();
        _ordered.Add(block, _stop.Token);
        return true;
    });

    /// <summary>No more blocks will be handed over.</summary>
    public void CompleteAdding()
    {
        _work.CompleteAdding();
        _ordered.CompleteAdding();
    }

    /// <summary>The next block in order, as soon as it is transformed; null after the last one.</summary>
    public Block? Take() => Guarded(() =>
    {
        if (!_ordered.TryTake(out var block, Timeout.Infinite, _stop.Token))
            return null;
        block.WaitUntilFinished(_stop.Token);
        return block;
    });

    /// <summary>Gives back a block that was taken.</summary>
    public void Return(Block block) => _free.Add(block);

    /// <summary>Stops everybody; the first reason counts.</summary>
    public void Fail(Exception reason)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(reason), comparand: null);
        _stop.Cancel();
    }

    /// <exception cref="Exception">The first failure, whatever it was.</exception>
    public void ThrowIfFailed() => _failure?.Throw();

    /// <summary>Ends the workers. The threads that fill and empty blocks must be done before.</summary>
    public void Dispose()
    {
        Fail(new ObjectDisposedException(nameof(BlockPipeline)));
        _threads.ForEach(thread => thread.Join());
        _blocks.ForEach(block => block.Dispose());
        _shape.Dispose();
        _free.Dispose();
        _work.Dispose();
        _ordered.Dispose();
        _stop.Dispose();
    }

    private T Guarded<T>(Func<T> action)
    {
        try
        {
            ThrowIfFailed();
            return action();
        }
        catch (OperationCanceledException) when (_failure is { } failure)
        {
            failure.Throw();
            throw;
        }
    }

    private Block NewBlock()
    {
        var block = new Block(_shape.InputBytes, _shape.OutputBytes);
        _blocks.Add(block);
        return block;
    }

    private void StartWorker()
    {
        var thread = new Thread(Work) { IsBackground = true, Name = "archive block worker" };
        _threads.Add(thread);
        thread.Start();
    }

    private void Work()
    {
        try
        {
            using var transform = newTransform();
            foreach (var block in _work.GetConsumingEnumerable(_stop.Token))
            {
                transform.Apply(block);
                block.Finish();
            }
        }
        catch (OperationCanceledException) when (_failure is not null)
        {
            // Somebody else failed first.
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }
}
