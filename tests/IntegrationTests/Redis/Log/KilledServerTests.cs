using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Testing;
using StackExchange.Redis;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

/// <summary>Three servers in processes of their own; the one that does the shared work is killed under load.</summary>
[TestFixture]
[CancelAfter(180_000)]
internal sealed class KilledServerTests
{
    private const int Lines = 1_500;

    /// <summary>Fewer: each waits for its answer, which comes when it is stored.</summary>
    private const int PostedLines = 400;

    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Another_one_takes_over_within_three_seconds_and_nothing_that_waits_for_an_answer_is_missing_or_double()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var redis = await RedisServer.StartNewAsync();
        await using var killed = await DashboardProcess.StartAsync(database, redis);
        await Probe.Until(async () => await LeasesAsync(database) == 2, "the first server does the shared work");
        await using var second = await DashboardProcess.StartAsync(database, redis);
        await using var third = await DashboardProcess.StartAsync(database, redis);
        using var producer = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port},abortConnect=false,syncTimeout=5000");

        var watching = new Dictionary<string, Task<List<Frame>>>(StringComparer.Ordinal);
        foreach (var task in (string[])["stream", "http", "pubsub"])
        {
            var client = await third.WatchAsync();
            await client.SubscribeAsync($"task:{task}");
            watching.Add(task, ReceiveAsync(client));
        }

        var dies = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sent = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var streaming = ProduceAsync(Lines, async line =>
        {
            sent["stream"] = line;
            await producer.GetDatabase().ExecuteAsync(
                "XADD", "task_events", "*", "type", "task:output", "task_id", "stream", "data", JsonSerializer.Serialize(new { id = $"s-{line}", content = $"{line}" }));
            if (line == Lines / 3)
            {
                dies.SetResult();
            }
        });
        var posting = ProduceAsync(PostedLines, line =>
        {
            sent["http"] = line;
            return PostAsync(killed, second, line);
        });
        var publishing = ProduceAsync(Lines, line =>
        {
            sent["pubsub"] = line;
            return producer.GetSubscriber().PublishAsync(new RedisChannel("task:pubsub:output", RedisChannel.PatternMode.Literal), $"{line}");
        });

        await dies.Task.WaitAsync(Deadline);
        await killed.KillAsync();
        var death = Stopwatch.GetTimestamp();
        var sentBefore = sent.ToDictionary(StringComparer.Ordinal);

        await Task.WhenAll(streaming, posting, publishing).WaitAsync(Deadline);
        await PublishEndsAsync(producer);
        var received = new Dictionary<string, List<Frame>>(StringComparer.Ordinal);
        foreach (var (task, frames) in watching)
        {
            received.Add(task, await frames.WaitAsync(Deadline));
        }

        using (Assert.EnterMultipleScope())
        {
            foreach (var (task, lines) in ((string, int)[])[("stream", Lines), ("http", PostedLines)])
            {
                string[] all = [.. Enumerable.Range(0, lines).Select(line => $"{line}")];
                Assert.That(TextsOf(received[task]), Is.EqualTo(all), $"what was told on {task}");
                Assert.That(await StoredAsync(second, task), Is.EqualTo(all), $"what was stored of {task}");
            }

            var published = TextsOf(received["pubsub"]);
            Assert.That(published.Select(int.Parse), Is.Ordered.And.Unique);
            Assert.That(await StoredAsync(second, "pubsub"), Is.EqualTo(published));
            Assert.That(received["pubsub"].Any(frame => frame.Json.Type() == "gap" && frame.Json.Text("reason") == "source_interrupted"), Is.True, "the interruption is told");
            foreach (var (task, frames) in received)
            {
                // The first line that was sent after the server had died.
                var first = frames.First(frame => int.TryParse(frame.Json.Text("output"), out var line) && line > sentBefore[task]);
                await TestContext.Out.WriteLineAsync($"{task}: goes on {Stopwatch.GetElapsedTime(death, first.At).TotalMilliseconds:0} ms after the kill");
                Assert.That(Stopwatch.GetElapsedTime(death, first.At), Is.LessThan(TakeOver), $"take-over of {task}");
            }
        }
    }

    /// <summary>About 300 lines a second, each after the one before.</summary>
    private static Task ProduceAsync(int lines, Func<int, Task> sendAsync) => Task.Run(async () =>
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var line = 0; line < lines; line++)
        {
            if (line % 3 == 0)
            {
                await pace.WaitForNextTickAsync();
            }

            await sendAsync(line);
        }
    });

    /// <summary>As a producer has to: what was not acknowledged it repeats, elsewhere and under the same id.</summary>
    private static async Task PostAsync(DashboardProcess first, DashboardProcess then, int line)
    {
        var chunks = new { chunks = new[] { new { id = $"h-{line}", output = $"{line}" } } };
        for (var server = first; ; server = then)
        {
            try
            {
                using var response = await server.Http.PostAsJsonAsync("/api/tasks/http/output", chunks);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Dead.
            }
        }
    }

    private static async Task PublishEndsAsync(ConnectionMultiplexer producer)
    {
        foreach (var task in (string[])["stream", "http", "pubsub"])
        {
            await producer.GetSubscriber().PublishAsync(new RedisChannel($"task:{task}:output", RedisChannel.PatternMode.Literal), "end");
        }
    }

    private static async Task<List<Frame>> ReceiveAsync(WsClient client)
    {
        await using (client)
        {
            var frames = new List<Frame>();
            while (frames.Count == 0 || frames[^1].Json.Text("output") != "end")
            {
                var json = await client.ReceiveAsync(Deadline);
                frames.Add(new Frame(json, Stopwatch.GetTimestamp()));
            }

            return frames;
        }
    }

    private static List<string> TextsOf(IEnumerable<Frame> frames) =>
        [.. frames.Select(frame => frame.Json).Where(json => json.Type() == "task_output").Select(json => json.Text("output")!).Where(text => text != "end")];

    private static async Task<List<string>> StoredAsync(DashboardProcess server, string task)
    {
        List<string> texts = [];
        await Probe.Until(
            async () =>
            {
                texts = [.. (await server.Http.GetFromJsonAsync<JsonElement>($"/api/tasks/{task}/log?limit=5000&kinds=output"))
                    .GetProperty("entries").EnumerateArray().Select(entry => entry.Text("output")!)];
                return texts is [.., "end"];
            },
            $"the end of {task} is stored");
        return texts[..^1];
    }

    private static Task<long> LeasesAsync(TestDatabase database) => database.QueryAsync<long>(
        $"""
        SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
          AND l.classid::bigint << 32 | l.objid::bigint IN ({PostgresLease.IngestKey}, {PostgresLease.LogWriterKey})
        """);

    private readonly record struct Frame(JsonElement Json, long At);
}
