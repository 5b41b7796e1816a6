using System.Collections.Concurrent;
using System.Diagnostics;
using GrooteDashboard.Testing;
using StackExchange.Redis;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>100,000 chunks at 5,000 a second over 50 tasks, two clients each: every client has every chunk once and in order, and so has the store.</summary>
[TestFixture]
internal sealed class LosslessTests : ServerFixture
{
    private const int Tasks = 50;
    private const int ChunksPerTask = 2_000;
    private const int Rate = 5_000;
    private const int ClientsPerTask = 2;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    protected override string[] Settings => ["Realtime:OutboxBytes=8388608"];

    [Test]
    public async Task Everything_published_arrives_once_and_in_order()
    {
        var ids = Enumerable.Range(0, Tasks).Select(_ => NewTaskId("load")).ToArray();
        var clients = await WatchAsync(ids);

        await ProduceAsync(ids, (id, chunk) => PublishAsync($"task:{id}:output", $$"""{"output":"{{chunk}}\n"}"""));

        await AssertCompleteAsync(ids, clients);
    }

    [Test]
    public async Task Everything_streamed_arrives_once_and_in_order_though_Redis_is_killed_in_the_middle()
    {
        var ids = Enumerable.Range(0, Tasks).Select(_ => NewTaskId("kill")).ToArray();
        var clients = await WatchAsync(ids);
        var produced = 0;
        var killing = KillInTheMiddleAsync(() => Volatile.Read(ref produced));

        await ProduceAsync(ids, async (id, chunk) =>
        {
            // The producer does what a producer has to: it repeats what was not acknowledged, under the same id.
            await RetryAsync(() => AddEventAsync("task:output", id, new { id = $"{id}/{chunk}", content = $"{chunk}\n" }));
            Interlocked.Increment(ref produced);
        });
        await killing;

        await AssertCompleteAsync(ids, clients);
    }

    private async Task KillInTheMiddleAsync(Func<int> produced)
    {
        await Probe.Until(() => produced() > Tasks * ChunksPerTask / 2, "half is produced", Deadline);
        await Redis.KillAsync();
        await Redis.StartAsync();
    }

    private async Task<List<Task<List<string>>>> WatchAsync(string[] ids)
    {
        var clients = new List<Task<List<string>>>();
        foreach (var id in ids)
        {
            for (var i = 0; i < ClientsPerTask; i++)
            {
                var client = await Server.WatchAsync();
                await client.SubscribeAsync($"task:{id}");
                clients.Add(Task.Run(() => ReceiveAsync(client)));
            }
        }

        return clients;
    }

    private static async Task<List<string>> ReceiveAsync(WsClient client)
    {
        await using (client)
        {
            var chunks = new List<string>(ChunksPerTask);
            var offset = 0L;
            while (chunks.Count < ChunksPerTask)
            {
                var frame = await client.ReceiveAsync(Deadline);
                if (frame.TryGetProperty("offset", out var next))
                {
                    Assert.That(next.GetInt64(), Is.EqualTo(offset + 1));
                    offset++;
                }

                if (frame.Type() == "task_output")
                {
                    chunks.Add(frame.GetProperty("output").GetString()!);
                }
            }

            return chunks;
        }
    }

    /// <summary>Round robin over the tasks at the rate; chunks of a task one after the other, tasks side by side.</summary>
    private static async Task ProduceAsync(string[] ids, Func<string, int, Task> send)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(ids.Select(async (id, _) =>
        {
            for (var chunk = 0; chunk < ChunksPerTask; chunk++)
            {
                await send(id, chunk);
                var ahead = TimeSpan.FromSeconds((double)chunk * Tasks / Rate) - clock.Elapsed;
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead);
                }
            }
        }));
    }

    private static async Task RetryAsync(Func<Task> send)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await send().WaitAsync(TimeSpan.FromSeconds(2));
                return;
            }
            catch (Exception e) when (e is RedisException or TimeoutException && clock.Elapsed < Deadline)
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task AssertCompleteAsync(string[] ids, List<Task<List<string>>> clients)
    {
        var expected = Enumerable.Range(0, ChunksPerTask).Select(chunk => $"{chunk}\n").ToArray();
        var received = await Task.WhenAll(clients).WaitAsync(Deadline);
        Assert.That(received.Count(chunks => chunks.SequenceEqual(expected)), Is.EqualTo(Tasks * ClientsPerTask), "every client has every chunk once and in order");
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (id, _) =>
        {
            await Probe.Until(async () => (await ReadOutputAsync(id)).Length >= ChunksPerTask, $"{id} is stored", Deadline);
            if (!(await ReadOutputAsync(id)).SequenceEqual(expected))
            {
                wrong.Add(id);
            }
        });
        Assert.That(wrong, Is.Empty, "the store holds every chunk once and in order");
    }
}
