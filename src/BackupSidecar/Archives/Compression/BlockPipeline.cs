using System.Runtime.ExceptionServices;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Blocks go in at one thread, are transformed by several workers, hashed by another thread beside them, and come out at a
/// last one in the order in which they went in. Twice as many blocks as workers, and two more, exist at most; who wants more
/// waits. The first failure of anybody stops everybody, and is what every later call throws.
/// </summary>
/// <remarks>Blocks, threads and queues are made once: the work itself leaves no garbage.</remarks>
internal sealed class BlockPipeline(int workers, BlockShape shape, Func<BlockTransform> newTransform) : IDisposable
{
    private readonly int _mostBlocks = (2 * workers) + 2;
    private readonly object _gate = new();
    private readonly Stack<Block> _free = [];
    private readonly Queue<Block> _toTransform = [];
    private readonly Queue<Block> _toDigest = [];
    private readonly Queue<Block> _ordered = [];
    private readonly List<Thread> _workers = [];
    private Thread? _digester;
    private int _blocks;
    private int _undigested;
    private bool _isComplete;
    private ExceptionDispatchInfo? _failure;

    /// <summary>An empty block. For the one thread that fills blocks.</summary>
    public Block Rent()
    {
        lock (_gate)
        {
            ThrowIfFailed();
            while (_free.Count == 0 && _blocks == _mostBlocks)
                WaitForOthers();
            if (!_free.TryPop(out var block))
            {
                block = new Block(shape);
                _blocks++;
            }
            block.Clear();
            return block;
        }
    }

    /// <summary>Hands over a block whose input is to be transformed and, if it has a digest, hashed.</summary>
    public void Submit(Block block)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            if (_workers.Count < workers)
                _workers.Add(Start(Transform, "archive block worker"));
            block.Awaited = 1;
            _toTransform.Enqueue(block);
            if (block.Digest is not null)
            {
                _digester ??= Start(Digest, "archive digest");
                block.Awaited++;
                _undigested++;
                _toDigest.Enqueue(block);
            }
            _ordered.Enqueue(block);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Hands over a block whose output is there already.</summary>
    public void SubmitFinished(Block block)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            _ordered.Enqueue(block);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Returns when every digest has what was handed over for it.</summary>
    public void WaitUntilDigested()
    {
        lock (_gate)
        {
            ThrowIfFailed();
            while (_undigested > 0)
                WaitForOthers();
        }
    }

    /// <summary>No more blocks will be handed over.</summary>
    public void CompleteAdding()
    {
        lock (_gate)
        {
            _isComplete = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The next block in order, as soon as everybody is done with it; null after the last one.</summary>
    public Block? Take()
    {
        lock (_gate)
        {
            ThrowIfFailed();
            while (_ordered.Count == 0 ? !_isComplete : _ordered.Peek().Awaited > 0)
                WaitForOthers();
            return _ordered.TryDequeue(out var block) ? block : null;
        }
    }

    /// <summary>Gives back a block that was taken.</summary>
    public void Return(Block block)
    {
        lock (_gate)
        {
            _free.Push(block);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Stops everybody; the first reason counts.</summary>
    public void Fail(Exception reason)
    {
        lock (_gate)
        {
            _failure ??= ExceptionDispatchInfo.Capture(reason);
            Monitor.PulseAll(_gate);
        }
    }

    /// <exception cref="Exception">The first failure, whatever it was.</exception>
    public void ThrowIfFailed() => Volatile.Read(ref _failure)?.Throw();

    /// <summary>Ends the workers. The threads that fill and empty blocks must be done before.</summary>
    public void Dispose()
    {
        Fail(new ObjectDisposedException(nameof(BlockPipeline)));
        _workers.ForEach(thread => thread.Join());
        _digester?.Join();
    }

    private static Thread Start(ThreadStart work, string name)
    {
        var thread = new Thread(work) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void WaitForOthers()
    {
        Monitor.Wait(_gate);
        ThrowIfFailed();
    }

    private void Transform()
    {
        try
        {
            using var transform = newTransform();
            while (Next(_toTransform) is { } block)
            {
                transform.Apply(block);
                Finish(block);
            }
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    private void Digest()
    {
        try
        {
            while (Next(_toDigest) is { } block)
            {
                block.Digest!.AppendData(block.Input, block.DigestStart, block.InputLength - block.DigestStart); // Submit has seen it.
                lock (_gate)
                    _undigested--;
                Finish(block);
            }
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    /// <summary>The next block to work on; null when there will be none, or somebody has failed.</summary>
    private Block? Next(Queue<Block> queue)
    {
        lock (_gate)
        {
            while (queue.Count == 0 && !_isComplete && _failure is null)
                Monitor.Wait(_gate);
            return _failure is null && queue.TryDequeue(out var block) ? block : null;
        }
    }

    private void Finish(Block block)
    {
        lock (_gate)
        {
            block.Awaited--;
            Monitor.PulseAll(_gate);
        }
    }
}
