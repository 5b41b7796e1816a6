namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>A bound in bytes that callers wait for, first come first served.</summary>
public sealed class ByteBudget(long capacity)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Granted)> _waiting = [];
    private long _used;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>Waits until there is room. More than the whole capacity counts as the whole capacity.</summary>
    public async ValueTask AcquireAsync(long bytes, CancellationToken cancellationToken)
    {
        bytes = Clamp(bytes);
        LinkedListNode<(long, TaskCompletionSource Granted)> node;
        lock (_lock)
        {
            if (_waiting.Count == 0 && _used + bytes <= capacity)
            {
                _used += bytes;
                return;
            }

            node = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        await using var registration = cancellationToken.Register(() => Abandon(node, cancellationToken));
        await node.Value.Granted.Task;
    }

    public void Release(long bytes)
    {
        lock (_lock)
        {
            _used -= Clamp(bytes);
            while (_waiting.First is { } next && _used + next.Value.Bytes <= capacity)
            {
                _used += next.Value.Bytes;
                _waiting.RemoveFirst();
                next.Value.Granted.SetResult();
            }
        }
    }

    private void Abandon(LinkedListNode<(long, TaskCompletionSource Granted)> node, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Not in the list any more: granted a moment ago.
            if (node.List is null)
            {
                return;
            }

            _waiting.Remove(node);
        }

        node.Value.Granted.SetCanceled(cancellationToken);
        Release(0);
    }

    private long Clamp(long bytes) => Math.Min(bytes, capacity);
}
