using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace GrooteDashboard.Infrastructure.Redis.PubSub;

/// <summary>
/// A queue whose reader is woken once for many items, when a writer has no more for now: a reader that is woken for each would cost more than what it
/// does with them. Any number of writers, one reader. It has no bound of its own: whoever adds keeps to one.
/// The reader goes on within <see cref="Wake"/>, on the thread of whoever calls it, until it waits for something: no other thread is woken. So it must not block,
/// and nobody wakes it under a lock.
/// </summary>
internal sealed class RoundQueue<T>
{
    private readonly ConcurrentQueue<T> _items = new();

    // Holds at most the news that there is something.
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true, AllowSynchronousContinuations = true });

    /// <summary>Adds an item. The reader finds it after the next <see cref="Wake"/>, or before.</summary>
    public void Add(T item) => _items.Enqueue(item);

    /// <summary>Lets the reader take what was added: one that waits does so before this returns.</summary>
    public void Wake() => _news.Writer.TryWrite(true);

    /// <summary>Nothing more comes.</summary>
    public void Complete() => _news.Writer.TryComplete();

    /// <summary>Waits until there is something to take. Between two calls everything is to be taken.</summary>
    /// <returns>False when nothing more comes and everything was taken.</returns>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (await _news.Reader.WaitToReadAsync(cancellationToken))
        {
            _news.Reader.TryRead(out _);
            return true;
        }

        return !_items.IsEmpty;
    }

    public bool TryTake([MaybeNullWhen(false)] out T item) => _items.TryDequeue(out item);
}
