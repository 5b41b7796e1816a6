using GrooteDashboard.Infrastructure.Redis.PubSub;

namespace GrooteDashboard.IntegrationTests.Redis.PubSub;

[CancelAfter(10_000)]
internal sealed class RoundQueueTests
{
    private readonly RoundQueue<int> _queue = new();
    private readonly List<(int Item, int Thread)> _taken = [];

    [Test]
    public void A_reader_that_waits_takes_a_round_on_the_thread_that_wakes_it(CancellationToken cancellationToken)
    {
        var reading = ReadAsync(cancellationToken);
        _queue.Add(1);
        _queue.Add(2);
        Assert.That(_taken, Is.Empty, "before it is woken");
        _queue.Wake();
        var thread = Environment.CurrentManagedThreadId;
        Assert.That(_taken, Is.EqualTo(new[] { (1, thread), (2, thread) }));

        _queue.Add(3);
        _queue.Complete();
        Assert.That((_taken.Count, reading.IsCompletedSuccessfully), Is.EqualTo((3, true)), "what was added last is taken, and the reader ends");
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (await _queue.WaitAsync(cancellationToken))
        {
            while (_queue.TryTake(out var item))
            {
                _taken.Add((item, Environment.CurrentManagedThreadId));
            }
        }
    }
}
