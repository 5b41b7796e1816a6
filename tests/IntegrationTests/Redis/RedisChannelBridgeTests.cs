using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Redis;

[CancelAfter(120_000)]
public sealed class RedisChannelBridgeTests
{
    private RedisServer _redis = null!;
    private RecordingLog _log = null!;

    [SetUp]
    public async Task SetUp()
    {
        _redis = await RedisServer.StartNewAsync();
        _log = new RecordingLog();
    }

    [TearDown]
    public async Task TearDown() => await _redis.DisposeAsync();

    [Test]
    public async Task Messages_keep_their_order_under_load()
    {
        const int channels = 20;
        const int perChannel = 2_500;
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();

        for (var i = 0; i < perChannel; i++)
        {
            for (var channel = 0; channel < channels; channel++)
            {
                producer.PublishWithoutWaiting($"task:t{channel}:output", Text(i));
            }
        }

        await Eventually.IsTrueAsync(() => _log.Count >= 1 + (channels * perChannel), "every message is taken");
        var expected = Enumerable.Range(0, perChannel).Select(Text).ToArray();
        for (var channel = 0; channel < channels; channel++)
        {
            Assert.That(_log.Of($"t{channel}"), Is.EqualTo(expected));
        }

        Assert.That(host.Metrics.Total(IngestOutcome.Dropped), Is.Zero);
        Assert.That(_log.Appends, Is.LessThan(channels * perChannel / 4), "what waits is appended together");
    }

    [Test]
    public async Task Output_and_status_keep_their_order_although_they_are_two_subscriptions()
    {
        const int rounds = 2_000;
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();

        for (var i = 0; i < rounds; i++)
        {
            producer.PublishWithoutWaiting("task:t:output", Text(i));
            producer.PublishWithoutWaiting("task:t:status", """{"status":"running"}""");
        }

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 2 * rounds, "every message is taken");
        Assert.That(_log.Of("t"), Is.EqualTo(Enumerable.Range(0, rounds).SelectMany(i => new[] { Text(i), "!running" })));
    }

    [Test]
    public async Task It_begins_by_itself_when_redis_is_absent_at_the_start()
    {
        await using var absent = RedisServer.Absent();
        await using var host = await IngestHost.StartAsync(absent, _log);
        await Eventually.IsTrueAsync(() => host.Published.OfType<SystemMessage>().Any(message => message.State == "redis_away"), "it says that Redis is away");
        Assert.That(host.Health("redis").Status, Is.EqualTo("down"));

        await absent.StartAsync();
        await using var producer = await Producer.ConnectAsync(absent);
        await producer.UntilHeardAsync();
        await producer.PublishAsync("task:t:output", "hello");

        await Eventually.IsTrueAsync(() => _log.Of("t").SequenceEqual(["hello"]), "the message is taken");
        await Eventually.IsTrueAsync(() => host.Health("redis").Status == "up", "Redis is up");
    }

    [Test]
    public async Task It_goes_on_by_itself_after_redis_was_killed_and_says_that_something_may_be_missing()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();
        await producer.PublishAsync("task:t:output", "before");
        await Eventually.IsTrueAsync(() => _log.Of("t").Any(), "the first message is taken");

        await _redis.KillAsync();
        await Eventually.IsTrueAsync(() => host.Health("redis").Status == "down", "it sees that Redis is away");
        await _redis.StartAsync();
        await producer.UntilHeardAsync();
        await Eventually.IsTrueAsync(() => _log.Announcements.Count == 2, "the interruption is announced");
        await producer.PublishAsync("task:t:output", "after");

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 2, "the second message is taken");
        Assert.That(_log.Lines.Select(line => line.What), Is.EqualTo(new[] { "~source_interrupted", "before", "~source_interrupted", "after" }));
        await Eventually.IsTrueAsync(() => host.Health("redis").Status == "up", "Redis is up");
        Assert.That(host.Published.OfType<SystemMessage>().Select(message => message.State), Is.EqualTo(new[] { "redis_away", "redis_back" }));
    }

    [Test]
    public async Task What_does_not_fit_is_dropped_counted_and_announced_once()
    {
        const int capacity = 100;
        const int messages = 1_000;
        await using var host = await IngestHost.StartAsync(_redis, _log, new() { ["Redis:InboxCapacity"] = Text(capacity) });
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();
        await BlockReaderAsync(producer);

        for (var i = 0; i < messages; i++)
        {
            producer.PublishWithoutWaiting("task:t:output", Text(i));
        }

        await producer.PublishAsync("task:other:output", "x");
        await Eventually.IsTrueAsync(() => host.Metrics.Total(IngestOutcome.Dropped, IngestReasons.InboxFull) == messages - capacity + 1, "each is counted");
        Assert.That(host.Health("ingest").Figures["inbox_depth"], Is.EqualTo(capacity));
        _log.OpenDoor();

        await Eventually.IsTrueAsync(() => _log.Announcements.Count == 3, "the losses are announced");
        Assert.That(_log.Announcements, Is.EqualTo(new[] { "* source_interrupted", "t source_overflow", "other source_overflow" }));
        Assert.That(_log.Of("t"), Is.EqualTo(Enumerable.Range(0, capacity).Select(Text).Append("~source_overflow")), "the loss has its place in the order");

        await producer.PublishAsync("task:t:output", "flows again");
        await Eventually.IsTrueAsync(() => _log.Of("t").Last() == "flows again", "it goes on");
    }

    [Test]
    public async Task The_inbox_is_bounded_in_bytes()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log, new() { ["Redis:InboxMaxBytes"] = "1000000" });
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();
        await BlockReaderAsync(producer);

        for (var i = 0; i < 20; i++)
        {
            await producer.PublishAsync("task:t:output", new string('x', 100_000));
        }

        await Eventually.IsTrueAsync(() => host.Metrics.Total(IngestOutcome.Dropped) == 11, "what is beyond the bound is dropped");
        Assert.That(host.Health("ingest").Figures["inbox_bytes"], Is.LessThanOrEqualTo(1_000_000));
        _log.OpenDoor();
        await Eventually.IsTrueAsync(() => _log.Of("t").Count(line => line[0] == 'x') == 9, "the others are taken");
    }

    [Test]
    public async Task A_message_of_twenty_megabytes_is_refused_and_the_next_is_taken()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();

        await producer.PublishAsync("task:t:output", new byte[20 * 1024 * 1024]);
        await producer.PublishAsync("task:t:output", "next");

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 2, "both left something");
        Assert.That(_log.Of("t").First(), Does.Contain("20,971,520 bytes was refused"));
        Assert.That(_log.Of("t").Last(), Is.EqualTo("next"));
        Assert.That(host.Metrics.Total(IngestOutcome.Refused, IngestReasons.TooLarge), Is.EqualTo(1));
    }

    [Test]
    public async Task Only_the_process_that_holds_the_lease_listens()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await using var producer = await Producer.ConnectAsync(_redis);
        await producer.UntilHeardAsync();

        await host.Lease.TakeAwayAsync();
        Assert.That(await producer.IsHeardAsync(), Is.False);
        await Eventually.IsTrueAsync(() => host.Health("ingest").Status == "waiting", "it waits for the lease");

        host.Lease.GiveBack();
        await producer.UntilHeardAsync();
        await producer.PublishAsync("task:t:output", "again");
        await Eventually.IsTrueAsync(() => _log.Of("t").Contains("again"), "it listens again");
        Assert.That(host.Health("ingest").Status, Is.EqualTo("running"));
    }

    [Test]
    public async Task What_had_arrived_is_taken_before_it_stops()
    {
        var host = await IngestHost.StartAsync(_redis, _log);
        await using (var producer = await Producer.ConnectAsync(_redis))
        {
            await producer.UntilHeardAsync();
            await BlockReaderAsync(producer);
            for (var i = 0; i < 50; i++)
            {
                await producer.PublishAsync("task:t:output", Text(i));
            }

            await Eventually.IsTrueAsync(() => host.Health("ingest").Figures["inbox_depth"] == 50, "they wait in the inbox");
        }

        var stopping = host.DisposeAsync().AsTask();
        _log.OpenDoor();
        await stopping;

        Assert.That(_log.Of("t"), Is.EqualTo(Enumerable.Range(0, 50).Select(Text)));
    }

    /// <summary>Returns when the reader waits at the closed door with one message, so that all that follows stays in the inbox.</summary>
    private async Task BlockReaderAsync(Producer producer)
    {
        await Eventually.IsTrueAsync(() => _log.Announcements.Count == 1, "it listens");
        _log.CloseDoor();
        await producer.PublishAsync("task:first:output", "x");
        await Eventually.IsTrueAsync(() => _log.Waiting == 1, "the reader waits");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
